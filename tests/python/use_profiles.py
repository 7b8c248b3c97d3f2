"""What botocore gets for each profile, as the AWS CLI has it: with its cache of roles, and nobody to ask for a code."""

import json
import os
import sys

from botocore.session import Session
from botocore.utils import JSONFileCache

found = {}
for profile in sys.argv[1:]:
    session = Session(profile=profile)
    providers = session.get_component("credential_provider")
    roles = providers.get_provider("assume-role")
    roles.cache = JSONFileCache(os.path.expanduser("~/.aws/cli/cache"))
    roles._prompter = lambda question: sys.exit(f"botocore asks: {question}")
    keys = session.get_credentials().get_frozen_credentials()
    found[profile] = [keys.access_key, session.get_config_variable("region")]
print(json.dumps(found))
