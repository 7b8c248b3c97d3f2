"""botocore's answer to each case: whose credentials it would use. Nothing is run and nobody is asked."""

import json
import os
import sys

import botocore.credentials as c
import botocore.session
from botocore.exceptions import BotoCoreError

KEYS = {"access_key": "AKID", "secret_key": "s", "token": "t", "expiry_time": "2099-01-01T00:00:00Z", "account_id": "1"}


def instance(self):
    off = os.environ.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true"
    return {} if off else {**KEYS, "role_name": "r"}


def container(self, full_uri, headers=None):
    self._validate_allowed_url(full_uri)
    return {"AccessKeyId": "AKID", "SecretAccessKey": "s", "Token": "t", "Expiration": KEYS["expiry_time"]}


c.InstanceMetadataFetcher.retrieve_iam_role_credentials = instance
c.ContainerMetadataFetcher.retrieve_full_uri = container
c.ProcessProvider._retrieve_credentials_using = lambda self, command: KEYS
c.LoginCredentialFetcher.load_cached_credentials = lambda self: KEYS


def fetcher(credentials):
    refresh = credentials._refresh_using
    # A role with MFA wraps it.
    return getattr(refresh, "_refresh", refresh).__self__


def outcome(credentials):
    method = credentials.method
    if method in ("env", "shared-credentials-file", "config-file"):
        return f"{method} {credentials.access_key}"
    if method == "assume-role":
        role = fetcher(credentials)
        return f"{method} {role._role_arn} <- {outcome(role._source_credentials)}"
    if method == "assume-role-with-web-identity":
        return f"{method} {fetcher(credentials)._role_arn}"
    return method


def answer(case):
    os.environ.clear()
    os.environ.update(case["env"])
    try:
        session = botocore.session.Session(profile=case.get("profile"))
        credentials = session.get_credentials()
        return "none" if credentials is None else outcome(credentials)
    except (BotoCoreError, ValueError):
        return "error"


print(json.dumps([answer(case) for case in json.load(open(sys.argv[1], encoding="utf-8"))]))
