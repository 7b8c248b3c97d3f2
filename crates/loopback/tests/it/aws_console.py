# Signs in at the console as `aws login` does, and lets botocore use and renew what that gives.
import datetime, time
from awscrt.crypto import EC, ECExportFormat, ECType
from botocore.credentials import _build_add_dpop_header_handler, _build_dpop_header

BASE = os.environ["AWS_ENDPOINT_URL_SIGNIN"]
SAME, CROSS = "arn:aws:signin:::devtools/same-device", "arn:aws:signin:::devtools/cross-device"
found = {}
key = EC.new_generate(ECType.P_256)


def signin(key):
    made = client("signin")
    if key:
        made.meta.events.register("before-call.signin.CreateOAuth2Token", _build_add_dpop_header_handler(key))
    return made


def authorize(client_id, redirect, challenge, **change):
    asked = {
        "response_type": "code", "client_id": client_id, "state": "a state", "code_challenge_method": "SHA-256",
        "scope": "openid", "redirect_uri": redirect, "code_challenge": challenge, **change,
    }
    return browse(f"{BASE}/v1/authorize?" + urllib.parse.urlencode(asked))


def redeem(client_id, redirect, code, verifier):
    return dict(tokenInput={
        "clientId": client_id, "grantType": "authorization_code", "code": code, "codeVerifier": verifier,
        "redirectUri": redirect,
    })


redirect = "http://127.0.0.1:54321/oauth/callback"
verifier, challenge = pkce()
code = lambda: query(authorize(SAME, redirect, challenge)[1])["code"]
found["foreign_redirect"] = authorize(SAME, "http://example.com/", challenge)[0]
found["other_method"] = authorize(SAME, redirect, challenge, code_challenge_method="S256")[0]
found["no_proof"] = refusal(signin(None).create_o_auth2_token, **redeem(SAME, redirect, code(), verifier))
found["wrong_verifier"] = refusal(signin(key).create_o_auth2_token, **redeem(SAME, redirect, code(), pkce()[0]))
output = signin(key).create_o_auth2_token(**redeem(SAME, redirect, code(), verifier))["tokenOutput"]
payload = output["idToken"].split(".")[1]
subject = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"]
found["token"] = [output["tokenType"], output["expiresIn"], subject]
refresh = dict(tokenInput={"clientId": SAME, "grantType": "refresh_token", "refreshToken": output["refreshToken"]})
found["other_key"] = refusal(signin(EC.new_generate(ECType.P_256)).create_o_auth2_token, **refresh)

# Somewhere else: the code is pasted.
confirmation = f"{BASE}/v1/sessions/confirmation"
_, location, _ = authorize(CROSS, confirmation, challenge)
page = browse(location)[2]
pasted = dict(urllib.parse.parse_qsl(base64.b64decode(page.split('id="code">')[1].split("<")[0]).decode()))
found["pasted"] = sorted(pasted) + [pasted["state"]]
remote = signin(key).create_o_auth2_token(**redeem(CROSS, confirmation, pasted["code"], verifier))
found["remote"] = remote["tokenOutput"]["tokenType"]

# As the AWS CLI caches it. It expires within botocore's five minutes, so that it is renewed at once.
pem = base64.b64encode(key.export_key(ECExportFormat.SEC1)).decode()
lines = "\n".join(pem[start : start + 64] for start in range(0, len(pem), 64))
soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=100)
cache = os.path.expanduser("~/.aws/login/cache")
os.makedirs(cache)
path = f"{cache}/{hashlib.sha256(subject.encode()).hexdigest()}.json"
json.dump({
    "accessToken": {**output["accessToken"], "accountId": subject.split(":")[4], "expiresAt": soon.strftime("%Y-%m-%dT%H:%M:%SZ")},
    "tokenType": output["tokenType"], "clientId": SAME, "refreshToken": output["refreshToken"],
    "idToken": output["idToken"],
    "dpopKey": f"-----BEGIN EC PRIVATE KEY-----\n{lines}\n-----END EC PRIVATE KEY-----\n",
}, open(path, "w"))
open(os.environ["AWS_CONFIG_FILE"], "w").write(f"[profile console]\nlogin_session = {subject}\nregion = us-east-1\n")
session = boto3.Session(profile_name="console")
found["identity"] = client("sts", True, session).get_caller_identity()["Arn"]
found["renewed"] = json.load(open(path))["refreshToken"] != output["refreshToken"]
found["rotated"] = refusal(signin(key).create_o_auth2_token, **refresh)
found["last"] = json.load(open(path))["refreshToken"]
answer(found)
