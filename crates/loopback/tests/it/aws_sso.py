# Signs in to IAM Identity Center both ways, lists, uses the cache as the AWS CLI would, and signs out.
import botocore.utils

START = sys.argv[1]
SCOPES = ["sso:account:access"]
oidc, portal = client("sso-oidc"), client("sso")
found = {}

# Device code.
name = {"clientName": "botocore-client-my-sso", "clientType": "public", "scopes": SCOPES}
registered = oidc.register_client(**name)
who = {key: registered[key] for key in ("clientId", "clientSecret")}
found["registration_days"] = (registered["clientSecretExpiresAt"] - registered["clientIdIssuedAt"]) // 86400
started = oidc.start_device_authorization(startUrl=START, **who)
found["device"] = [started["expiresIn"], started["interval"], len(started["userCode"])]
poll = dict(grantType="urn:ietf:params:oauth:grant-type:device_code", deviceCode=started["deviceCode"], **who)
found["pending"] = refusal(oidc.create_token, **poll)
found["too_soon"] = refusal(oidc.create_token, **poll)
status, _, page = browse(started["verificationUriComplete"])
assert status == 200 and started["userCode"] in page, page
browse(started["verificationUri"], {"user_code": started["userCode"], "decision": "approve"})
found["still_too_soon"] = refusal(oidc.create_token, **poll)

# In the browser.
redirect = "http://127.0.0.1:54321/oauth/callback"
pkce_client = oidc.register_client(
    grantTypes=["authorization_code", "refresh_token"], redirectUris=["http://127.0.0.1/oauth/callback"],
    issuerUrl=START, **name
)
who = {key: pkce_client[key] for key in ("clientId", "clientSecret")}
verifier, challenge = pkce()
asked = {
    "response_type": "code", "client_id": who["clientId"], "redirect_uri": redirect, "state": "a state",
    "code_challenge_method": "S256", "scopes": " ".join(SCOPES), "code_challenge": challenge,
}
authorize = os.environ["AWS_ENDPOINT_URL_SSO_OIDC"] + "/authorize?"


def sign_in(decision, **change):
    status, location, page = browse(authorize + urllib.parse.urlencode({**asked, **change}))
    if status != 200:
        return status
    request = page.split('name="request" value="')[1].split('"')[0]
    return query(browse(authorize, {"request": request, "decision": decision})[1])


found["denied"] = sign_in("deny")
found["foreign_redirect"] = sign_in("approve", redirect_uri="http://example.com/oauth/callback")
found["plain"] = sign_in("approve", code_challenge_method="plain")
came = sign_in("approve")
found["state"] = came["state"]
redeem = dict(grantType="authorization_code", redirectUri=redirect, **who)
found["wrong_verifier"] = refusal(oidc.create_token, code=came["code"], codeVerifier=pkce()[0], **redeem)
code = sign_in("approve")["code"]
token = oidc.create_token(code=code, codeVerifier=verifier, **redeem)
found["reused"] = refusal(oidc.create_token, code=code, codeVerifier=verifier, **redeem)
found["token"] = [token["tokenType"], token["expiresIn"]]

# The portal.
bearer = {"accessToken": token["accessToken"]}
pages = portal.get_paginator("list_accounts").paginate(**bearer)
found["accounts"] = [[account["accountId"] for account in page["accountList"]] for page in pages]
pages = portal.get_paginator("list_account_roles").paginate(accountId="111122223333", **bearer)
found["roles"] = [role["roleName"] for page in pages for role in page["roleList"]]
found["no_access"] = refusal(portal.get_role_credentials, roleName="Admin", accountId="111122223333", **bearer)
found["no_token"] = refusal(portal.list_accounts, accessToken="none")
found["bad_page"] = refusal(portal.list_accounts, nextToken="none", **bearer)

# As the AWS CLI caches it, for botocore's own providers.
loader = botocore.utils.SSOTokenLoader(cache=botocore.utils.JSONFileCache(os.path.expanduser("~/.aws/sso/cache")))
loader.save_token(START, {
    "startUrl": START, "region": "us-east-1", "accessToken": token["accessToken"],
    "expiresAt": (botocore.utils.datetime.datetime.now(botocore.utils.tzutc())
                  + botocore.utils.datetime.timedelta(seconds=token["expiresIn"])).strftime("%Y-%m-%dT%H:%M:%SZ"),
    "clientId": who["clientId"], "clientSecret": who["clientSecret"], "registrationExpiresAt": "2099-01-01T00:00:00Z",
    "refreshToken": token["refreshToken"],
}, session_name="my-sso")
open(os.environ["AWS_CONFIG_FILE"], "w").write(f"""
[profile reader]
sso_session = my-sso
sso_account_id = 111122223333
sso_role_name = Reader
[sso-session my-sso]
sso_start_url = {START}
sso_region = us-east-1
sso_registration_scopes = sso:account:access
""")
session = boto3.Session(profile_name="reader")
found["identity"] = client("sts", True, session).get_caller_identity()["Arn"]
found["method"] = session.get_credentials().method
found["access_key"] = session.get_credentials().access_key
cached = loader(START, session_name="my-sso")
found["renewed"] = cached["accessToken"] != token["accessToken"] and cached["refreshToken"] != token["refreshToken"]
found["rotated"] = refusal(oidc.create_token, grantType="refresh_token", refreshToken=token["refreshToken"], **who)

# Signing out ends it.
bearer = {"accessToken": cached["accessToken"]}
portal.logout(**bearer)
found["signed_out"] = refusal(portal.list_accounts, **bearer)
renew = dict(grantType="refresh_token", refreshToken=cached["refreshToken"], **who)
found["session_over"] = refusal(oidc.create_token, **renew)
answer(found)
