// What the AWS SDK for JavaScript gets for profiles of the AWS files below HOME: renewing and writing its caches as it does.

import { fromIni } from "@aws-sdk/credential-providers";

const answers = {};
for (const profile of process.argv.slice(1)) {
  const keys = await fromIni({ profile })();
  answers[profile] = [keys.accessKeyId, keys.expiration?.toISOString()];
}
console.log(JSON.stringify(answers));
