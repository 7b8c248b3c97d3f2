"""Writes the AWS tools' caches below HOME with botocore's own code: two sign-ins, and a role's session with MFA."""

import datetime
import os

from botocore.credentials import AssumeRoleCredentialFetcher
from botocore.tokens import _sso_json_dumps
from botocore.utils import JSONFileCache, LoginTokenLoader, SSOTokenLoader, get_login_token_cache_directory

UTC = datetime.timezone.utc
FAR = datetime.datetime(2099, 1, 1, tzinfo=UTC)
URL = "https://d-abc123.awsapps.com/start"


def cache(path, **options):
    return JSONFileCache(os.path.expanduser(path), **options)


token = {
    "startUrl": URL,
    "region": "eu-west-1",
    "accessToken": "the-first-access-token",
    "expiresAt": FAR,
    "clientId": "c",
    "clientSecret": "s",
    "registrationExpiresAt": "2099-01-01T00:00:00Z",
}
SSOTokenLoader(cache=cache("~/.aws/sso/cache", dumps_func=_sso_json_dumps)).save_token(URL, token, session_name="my-sso")

keys = {"accessKeyId": "ASIALOGIN", "secretAccessKey": "s", "sessionToken": "t", "accountId": "0123456789012"}
login = {"accessToken": {**keys, "expiresAt": "2099-01-01T00:00:00Z"}, "clientId": "c", "refreshToken": "r", "dpopKey": "k"}
LoginTokenLoader(JSONFileCache(get_login_token_cache_directory())).save_token("arn:aws:iam::0123456789012:user/Admin", login)

role = AssumeRoleCredentialFetcher(
    client_creator=None,
    source_credentials=None,
    role_arn="arn:aws:iam::111122223333:role/R\u00e9",
    extra_args={
        "RoleSessionName": "me",
        "ExternalId": 'ex"t\\\u65e5\U0001d11e',
        "SerialNumber": "arn:aws:iam::111122223333:mfa/u",
        "DurationSeconds": 900,
    },
)
session = {"AccessKeyId": "ASIAMFA", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": FAR.isoformat()}
cache("~/.aws/cli/cache")[role._cache_key] = {"Credentials": session}
