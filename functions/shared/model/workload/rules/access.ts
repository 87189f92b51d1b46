import type { Rule } from './rule.ts';

/** Quota, capacity, permissions, images. */
export const ACCESS: readonly Rule[] = [
  {
    name: 'quota-metrics',
    category: 'quota',
    kind: 'cause',
    pattern: /The following quota metrics exceed quota limits: \S{1,200}/i,
    example:
      '429 The following quota metrics exceed quota limits: aiplatform.googleapis.com/custom_model_training_nvidia_a100_gpus',
    counterExample: 'quota metrics are exported to Monitoring',
  },
  {
    name: 'quota-of-a-metric',
    category: 'quota',
    kind: 'cause',
    pattern:
      /\bquota (?:was |has been )?exceeded\b(?: for (?:quota metric '[^']{1,120}' and limit '[^']{1,120}'|\S{1,120}))?|Quota '?\w{1,80}'? exceeded|do(?:es)? not have quota for |due to quota restrictions|Quota limit '\w{1,80}' has been exceeded|following quotas are exceeded: \S{1,120}|exceed(?:s|ed|ing) (?:your |the |its )?(?:\w{1,40} )?quota\b|insufficient (?:regional |'\w{1,60}' )?quota|Exceeded rate limits|(?<!using )(?:vCPU|instance|resource) limit (?:exceeded|of \d)|exceeded quota: /i,
    example: "Quota 'NVIDIA_T4_GPUS' exceeded. Limit: 1.0 in region us-east1",
    counterExample: 'the quota of this project is 96 CPUs',
  },
  {
    name: 'quota-code',
    category: 'quota',
    kind: 'cause',
    pattern: /QUOTA_EXCEEDED\b|quotaExceeded\b|RATE_LIMIT_EXCEEDED\b|rateLimitExceeded\b/,
    example: 'googleapi: Error 403: quotaExceeded',
    counterExample: 'void quota_exceeded(int)',
  },
  {
    name: 'too-many-requests',
    category: 'quota',
    kind: 'exception',
    pattern:
      /\b429 (?:GET|POST|PUT|PATCH|DELETE|HEAD) |\b429\b.{0,60}(?:Too Many Requests|Resource has been exhausted|Client Error|rate limit)|(?:Error code|status(?: code)?|HTTP(?: Error)?|HTTP\/1\.1):? 429\b|\bRateLimitError\b|TooManyRequests\b|^\S{0,80}ResourceExhausted: 429|ThrottlingException|\btoomanyrequests: /i,
    example: 'HTTPError: 429 Client Error: Too Many Requests for url: https://hub.example/api/models',
    counterExample: 'step 429 took 3 s',
  },
  {
    name: 'capacity',
    category: 'capacity',
    kind: 'cause',
    pattern:
      /Resources are insufficient (?:in (?:region|zone):? \S{1,40}|to provision )|does not have enough available capacity|(?:(?:ZONE_RESOURCE_POOL_EXHAUSTED|STOCKOUT).{1,200})?does(?:n't| not) have enough resources|GCE out of resources|do(?:es)? not have available resources|\bVM instance .{0,120}is currently unavailable in the |do(?:es)? not have sufficient (?:\S{1,40} )?capacity|insufficient capacity|not enough (?:resources|capacity) available|no more capacity in the zone|FailedScheduling.{0,200}Insufficient \S{1,40}|nodes are available: .{0,160}Insufficient|currently (?:out of|unavailable).{0,40}capacity|(?<!\bhas )no (?:available )?capacity\b/i,
    example: 'Resources are insufficient in region: europe-west4. Try a different region.',
    counterExample: 'capacity: 16 slots',
  },
  {
    name: 'capacity-code',
    category: 'capacity',
    kind: 'cause',
    vague: true,
    pattern: /ZONE_RESOURCE_POOL_EXHAUSTED|STOCKOUT\b|InsufficientInstanceCapacity/,
    example: 'code: ZONE_RESOURCE_POOL_EXHAUSTED_WITH_DETAILS',
    counterExample: 'stockout of the shop: 3 items',
  },
  {
    name: 'gated',
    category: 'permission',
    kind: 'cause',
    pattern:
      /Cannot access gated repo|is a gated (?:dataset|repo|model)|You are trying to access a gated repo|Access to (?:model|dataset) \S{1,120} is restricted|GatedRepoError: (?!40)/,
    example: 'Cannot access gated repo for url https://hub.example/acme/base/resolve/main/config.json.',
    counterExample: 'gated: false, repo is public',
  },
  {
    name: 'permission-named',
    category: 'permission',
    kind: 'cause',
    pattern:
      /Permission ["'`][\w.]{3,120}["'`] (?:was )?denied|\S{1,120} does not have [`'"[]{0,3}[a-z]{2,40}\.[`'"\w., \]]{3,160} (?:access|(?:IAM )?permission)|(?:missing|lacks?|required|requires?|need(?:s|ed)?) (?:the )?(?:IAM )?(?:permission|role)s? ["'`]?(?:on resource )?\S{0,20}[a-z]{2,40}\.[\w.]{3,80}/i,
    example:
      'trainer@acme.iam.gserviceaccount.com does not have storage.objects.get access to the Google Cloud Storage object.',
    counterExample: 'checking permissions of the service account',
  },
  {
    name: 'no-credentials',
    category: 'permission',
    kind: 'cause',
    pattern:
      /DefaultCredentialsError|NoCredentialsError|Unable to locate credentials|could not find default credentials|do not currently have an active account|problem refreshing your credentials|Could not (?:automatically determine|load the default) credentials|Invalid (?:username or password|credentials in Authorization|user token|API key)|Incorrect (?:API key|username|password|login)|ExpiredToken(?:Exception)?\b|InvalidAccessKeyId|SignatureDoesNotMatch|RefreshError\b|invalid_grant\b|x509: certificate signed by unknown|could not read Username for|Authentication failed for|password authentication failed for user|Access denied for user|unauthorized: authentication required|no basic auth credentials/i,
    example: 'google.auth.exceptions.DefaultCredentialsError: Your default credentials were not found.',
    counterExample: 'using default credentials',
  },
  {
    name: 'permission-missing',
    category: 'permission',
    kind: 'cause',
    pattern:
      /IAM_PERMISSION_DENIED|is not authorized to perform: |\bis forbidden: User \S|has no permission to|must have permission to |not have the permission|(?:have|has|having|lacks?|without) (?:the )?(?:sufficient|necessary|required) permissions?|do(?:es)? not have (?:the )?(?:\w{1,20} )?permissions?\b/i,
    example: 'The service account does not have the required permissions.',
    counterExample: 'checking permissions of the service account',
  },
  {
    name: 'secret-access',
    category: 'permission',
    kind: 'cause',
    pattern:
      /Permission denied on secret: \S{1,200}|Secret \S{1,200} was not found|SECRETS_ACCESS_CHECK_FAILED|CONTAINER_PERMISSION_DENIED|secret ["'][^"']{1,120}["'] not found/i,
    example:
      'Permission denied on secret: projects/1/secrets/WANDB/versions/latest for Revision service account',
    counterExample: 'reading secrets of the project',
  },
  {
    name: 'api-disabled',
    category: 'permission',
    kind: 'cause',
    pattern:
      /SERVICE_DISABLED|accessNotConfigured|has not been used in project \S{1,60} before or it is disabled/,
    example: 'Vertex AI API has not been used in project 12 before or it is disabled.',
    counterExample: 'The service is disabled by the feature flag',
  },
  {
    name: 'pull-denied',
    category: 'permission',
    kind: 'cause',
    pattern:
      /pull access denied|failed to authorize: |insufficient_scope|(?:denied|unauthorized): (?:requested access to the resource is denied|Unauthenticated request|permission_denied|You don't have)|PUSH_NOT_AUTHORIZED|UNAUTHORIZED: authentication /i,
    example:
      'Error response from daemon: pull access denied for acme/base, repository does not exist or may require docker login',
    counterExample: 'Pulling from acme/base',
  },
  {
    name: 'scopes',
    category: 'permission',
    kind: 'cause',
    pattern:
      /Provided scope\(s\) are not authorized|insufficient authentication scopes|ACCESS_TOKEN_SCOPE_INSUFFICIENT/,
    example: 'Forbidden: 403 POST https://storage.example/b/x/o: Provided scope(s) are not authorized',
    counterExample: 'scopes: cloud-platform',
  },
  {
    name: 'forbidden',
    category: 'permission',
    kind: 'exception',
    pattern:
      /(?:PermissionDenied|Forbidden|Unauthenticated|Unauthorized|AccessDenied)(?:Error|Exception)?: (?:40[13]\b)?.{0,4}\S|(?<!status = StatusCode\.)PERMISSION_DENIED\b|AccessDenied\b|AccessDeniedException|AccessControlException/,
    example: 'google.api_core.exceptions.Forbidden: 403 POST https://storage.example/b/x/o: denied',
    counterExample: '403 tokens were dropped',
  },
  {
    name: 'http-401-403',
    category: 'permission',
    kind: 'exception',
    vague: true,
    pattern:
      /\b40[13] (?:Client Error|Forbidden|Unauthorized)|HTTP(?:Status)? ?Error:? (?:Error )?40[13]\b|HTTP Error 40[13]|status(?: code)?:? ?40[13]\b|(?:AuthenticationError|AuthorizationError)\b/,
    example: 'requests.exceptions.HTTPError: 403 Client Error: Forbidden for url: https://hub.example/x',
    counterExample: 'batch 403 took 2 s',
  },
  {
    name: 'no-file-permission',
    category: 'permission',
    kind: 'exception',
    pattern:
      /\[Errno 13\]|\bEACCES\b|\bEPERM\b|^(?!\S{0,40}sh: ).{1,300}: Permission denied(?: \(\w{1,40}(?:,\w{1,40}){0,4}\))?\.?$|^PermissionError\b|\[Errno 1\] Operation not permitted/,
    example: "PermissionError: [Errno 13] Permission denied: '/mnt/ckpt'",
    counterExample: 'permissions of /mnt/ckpt are 0755',
  },
  {
    name: 'denied',
    category: 'permission',
    kind: 'exception',
    vague: true,
    pattern:
      /^(?!\S{0,40}sh: ).{0,300}\b(?:(?:permission|access) (?:is |was )?denied|not authori[sz]ed)\b|InsufficientPrivilege/i,
    example: 'psycopg2.errors.InsufficientPrivilege: permission denied for table runs',
    counterExample: 'permissions of table runs: read',
  },
  {
    name: 'image-not-found',
    category: 'image',
    kind: 'cause',
    pattern:
      /Image ['"][^'"]{1,300}['"] not found|manifest (?:for \S{1,300} )?(?:not found|unknown)|MANIFEST_UNKNOWN|repository name not known to registry|CONTAINER_MISSING|PUSH_IMAGE_NOT_FOUND|failed to resolve (?:source metadata for|reference) \S{1,300}: .{0,200}not found|invalid reference format|(?:docker|container) image \S{1,300} (?:does not exist|could not be found|was not found)|no match for platform in manifest|must support amd64\/linux|no matching manifest for/i,
    example: "Image 'europe-docker.pkg.dev/acme/ml/trainer:v9' not found.",
    counterExample: "Image 'europe-docker.pkg.dev/acme/ml/trainer:v9' found.",
  },
  {
    name: 'not-in-image',
    category: 'image',
    kind: 'cause',
    pattern:
      /error finding executable "[^"]{1,200}" in PATH|Application failed to start: "[^"]{1,200}" not found|exec: "[^"]{1,200}": (?:executable file not found|stat |no such file|permission denied)|exec format error|failed to load \/\S{1,200}: \S|exec user process caused/i,
    example: 'starting step container failed: exec: "mkae": executable file not found in $PATH: unknown',
    counterExample: 'executable found in PATH',
  },
  {
    name: 'container-start',
    category: 'image',
    kind: 'cause',
    vague: true,
    pattern:
      /OCI runtime create failed|failed to create (?:containerd|shim) task|Termination reason: StartError|CreateContainer(?:Config)?Error|RunContainerError/,
    example: 'Error response from daemon: OCI runtime create failed: mounts: unknown',
    counterExample: 'container created and started',
  },
  {
    name: 'image-pull',
    category: 'image',
    kind: 'cause',
    vague: true,
    pattern:
      /\bErrImagePull\b|\bImagePullBackOff\b|Failed to pull image "[^"]{1,300}"|InvalidImageName|Error(?: response from daemon)?: pulling image|failed to pull (?:and unpack )?image/,
    example: 'Failed to pull image "acme/trainer:v1": rpc error: code = Unknown desc = EOF',
    counterExample: 'Successfully pulled image "acme/trainer:v1"',
  },
];
