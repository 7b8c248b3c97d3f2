"""What botocore makes of the AWS tools' caches below HOME, without asking anybody."""

import json
import os
import sys

import botocore.credentials
import botocore.session
import botocore.tokens

answers = {}
for profile in sys.argv[1:]:
    session = botocore.session.Session(profile=profile)
    config = session.get_scoped_config()
    if "login_session" in config:
        credentials = session.get_credentials()
        answers[profile] = [credentials._access_key, credentials._expiry_time.strftime("%Y-%m-%dT%H:%M:%SZ")]
    else:
        token = botocore.tokens.SSOTokenProvider(session).load_token().get_frozen_token()
        answers[profile] = [token.token, token.expiration.strftime("%Y-%m-%dT%H:%M:%SZ")]
print(json.dumps(answers))
