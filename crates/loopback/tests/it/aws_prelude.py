import base64, hashlib, json, os, secrets, sys, urllib.error, urllib.parse, urllib.request
import boto3, botocore.config, botocore.credentials, botocore.session
from botocore import UNSIGNED
from botocore.exceptions import ClientError


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def browse(url, form=None):
    """Opens a page as a browser would; hands back status, where it redirects to, and the page."""
    data = urllib.parse.urlencode(form).encode() if form is not None else None
    try:
        answer = urllib.request.build_opener(NoRedirect).open(url, data, timeout=10)
    except urllib.error.HTTPError as error:
        answer = error
    return answer.status, answer.headers.get("Location"), answer.read().decode()


def query(url):
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))


def client(service, signed=False, session=boto3, **more):
    config = botocore.config.Config(
        signature_version=None if signed else UNSIGNED, retries={"total_max_attempts": 1}, read_timeout=5,
        parameter_validation=False,
    )
    return session.client(service, config=config, **more)


def refusal(call, **arguments):
    """The code, status and further members of the error that a call ends in."""
    try:
        call(**arguments)
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        more = {name: value for name, value in error.response.items() if name.startswith("error")}
        # botocore made an exception of its own for it if the service's model has it.
        return [error.response["Error"]["Code"], status, type(error).__name__, more]
    raise SystemExit("the call was not refused")


def pkce():
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    return verifier, base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def answer(value):
    print(json.dumps(value, default=str))
