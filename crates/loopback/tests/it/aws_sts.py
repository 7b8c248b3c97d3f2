# Assumes roles in every way, directly and as botocore's own providers do from a config file.
USER, SECRET, MFA, CODE, TOKEN = sys.argv[1:6]
ROLE = "arn:aws:iam::111122223333:role/"
found = {}


def sts(key, secret, token=None):
    keys = dict(aws_access_key_id=key, aws_secret_access_key=secret, aws_session_token=token)
    return client("sts", True, **keys)


def with_role(credentials):
    return sts(credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"])


user = sts(USER, SECRET)
found["user"] = user.get_caller_identity()["Arn"]
found["unknown_key"] = refusal(sts("AKIAUNKNOWN000000000", SECRET).get_caller_identity)
found["wrong_secret"] = refusal(sts(USER, SECRET + "x").get_caller_identity)
found["stray_token"] = refusal(sts(USER, SECRET, "x").get_caller_identity)
found["unsigned"] = refusal(client("sts").get_caller_identity)


def assume(caller, role, **more):
    return caller.assume_role(RoleArn=ROLE + role, RoleSessionName="a-session", **more)


def refused(caller, role, **more):
    return refusal(caller.assume_role, RoleArn=ROLE + role, RoleSessionName="a-session", **more)


plain = assume(user, "Plain", DurationSeconds=7200)
found["assumed"] = [plain["AssumedRoleUser"]["Arn"], plain["AssumedRoleUser"]["AssumedRoleId"][-10:]]
found["plain"] = with_role(plain["Credentials"]).get_caller_identity()["Arn"]
found["plain_key"] = plain["Credentials"]["AccessKeyId"]
left = plain["Credentials"]["Expiration"] - botocore.credentials.datetime.datetime.now(plain["Credentials"]["Expiration"].tzinfo)
found["lifetime"] = 7100 < left.total_seconds() <= 7200
found["strange_policy"] = assume(user, "Plain", Policy='{"Version": "2012-10-17"}')["Credentials"]["AccessKeyId"]
found["too_short"] = refused(user, "Plain", DurationSeconds=899)
found["too_long"] = refused(user, "Plain", DurationSeconds=43201)
found["longer_than_role"] = refused(user, "Plain", DurationSeconds=7201)
found["no_role"] = refused(user, "None")
found["bad_session"] = refusal(user.assume_role, RoleArn=ROLE + "Plain", RoleSessionName="a session")
# A role assumes a role: for an hour at most.
chained = with_role(plain["Credentials"])
found["chained"] = with_role(assume(chained, "Chained")["Credentials"]).get_caller_identity()["Arn"]
found["chained_too_long"] = refused(chained, "Chained", DurationSeconds=3601)
found["not_chained"] = refused(user, "Chained")
found["external"] = assume(user, "External", ExternalId="an id")["AssumedRoleUser"]["Arn"]
found["no_external"] = refused(user, "External")
found["wrong_external"] = refused(user, "External", ExternalId="another")
found["mfa"] = assume(user, "Mfa", SerialNumber=MFA, TokenCode=CODE)["AssumedRoleUser"]["Arn"]
found["no_mfa"] = refused(user, "Mfa")
found["wrong_mfa"] = refused(user, "Mfa", SerialNumber=MFA, TokenCode="000000")
found["other_mfa"] = refused(user, "Mfa", SerialNumber=MFA + "x", TokenCode=CODE)

session = with_role(user.get_session_token(SerialNumber=MFA, TokenCode=CODE)["Credentials"])
found["session"] = session.get_caller_identity()["Arn"]
found["mfa_by_role"] = refused(with_role(assume(user, "Mfa", SerialNumber=MFA, TokenCode=CODE)["Credentials"]), "Mfa")
found["mfa_by_session"] = assume(session, "Mfa")["AssumedRoleUser"]["Arn"]
found["session_of_session"] = refusal(session.get_session_token)
found["long_session"] = refusal(user.get_session_token, DurationSeconds=129601)

web = lambda token, role="Web": dict(RoleArn=ROLE + role, RoleSessionName="pod", WebIdentityToken=token)
anyone = client("sts")
assumed = anyone.assume_role_with_web_identity(**web(TOKEN))
found["web"] = [assumed["AssumedRoleUser"]["Arn"], assumed["SubjectFromWebIdentityToken"]]
found["web_wrong_token"] = refusal(anyone.assume_role_with_web_identity, **web("a.b.c"))
found["web_wrong_role"] = refusal(anyone.assume_role_with_web_identity, **web(TOKEN, "Plain"))

# From the config file.
token_file = os.path.expanduser("~/token")
open(token_file, "w").write(TOKEN)
open(os.environ["AWS_CONFIG_FILE"], "w").write(f"""
[profile user]
aws_access_key_id = {USER}
aws_secret_access_key = {SECRET}
[profile external]
role_arn = {ROLE}External
source_profile = user
external_id = an id
role_session_name = from-config
[profile mfa]
role_arn = {ROLE}Mfa
source_profile = user
mfa_serial = {MFA}
role_session_name = from-config
[profile plain]
role_arn = {ROLE}Plain
source_profile = user
role_session_name = from-config
[profile chained]
role_arn = {ROLE}Chained
source_profile = plain
role_session_name = from-config
[profile web]
role_arn = {ROLE}Web
web_identity_token_file = {token_file}
role_session_name = from-config
""")
for name in ["external", "mfa", "chained", "web"]:
    inner = botocore.session.Session(profile=name)
    provider = inner.get_component("credential_provider").get_provider("assume-role")
    provider._prompter = lambda _: CODE
    session = boto3.Session(botocore_session=inner)
    found["profile_" + name] = client("sts", True, session).get_caller_identity()["Arn"]
answer(found)
