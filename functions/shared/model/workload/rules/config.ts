import type { Rule } from './rule.ts';

/** What was asked for is not possible, or not what was meant. */
export const CONFIG: readonly Rule[] = [
  {
    name: 'machine-type',
    category: 'config',
    kind: 'cause',
    pattern:
      /Machine type ["'`]?[\w-]{1,60}["'`]?.{0,60}(?:is )?not supported|not supported for (?:machine|accelerator) type|(?:accelerator|machine) type .{0,80}(?:is not available|does not exist|is not supported|is invalid|not found)|Unsupported machine type|(?:is|are) not valid for (?:machine|accelerator) type|NAME_INVALID|invalid repository name|Batch job submission failed: (?:Requested|Invalid) |Invalid generic resource \(gres\)|Invalid (?:partition|account|qos) (?:name )?specifi|Accelerator .{0,80}not (?:supported|available) in (?:region|zone)/i,
    example: 'INVALID_ARGUMENT: Machine type "n1-standard-4" is not supported.',
    counterExample: 'machine type n1-standard-4 with 1 GPU',
  },
  {
    name: 'arguments',
    category: 'config',
    kind: 'cause',
    pattern:
      /error: (?:unrecognized arguments|the following arguments are required|argument \S{1,120}: |ambiguous option|invalid choice|one of the arguments|too few arguments|unexpected argument|unknown (?:option|flag|argument))|^(?:Error|Usage error): (?:No such (?:option|command)|Missing (?:option|argument|parameter)|Invalid value for|Got unexpected extra argument)|\(gcloud\.[\w.-]{1,100}\) (?:unrecognized arguments|Invalid choice|argument )|(?:flag provided but not defined|unknown (?:shorthand )?flag): |^(?!\S{0,60}(?:Error|Exception): )(?:\S{1,60}: )?(?:unrecognized|unknown|invalid) option\b|Unknown command line flag|(?:absl\.flags\.)?_?exceptions?\.(?:UnrecognizedFlagError|IllegalFlagValueError)|Flag --\S{1,60} must have a value|ArgumentError: argument|(?:^|\s)--[\w-]{1,60} (?:is|are) required\b|missing required (?:argument|flag|option|parameter)/i,
    example: 'train.py: error: the following arguments are required: --data',
    counterExample: 'arguments: --data gs://b/x',
  },
  {
    name: 'settings',
    category: 'config',
    kind: 'exception',
    pattern:
      /(?:omegaconf|hydra|yaml|ruamel|jsonschema|configparser|tomllib|toml|tomli|dynaconf|confection|marshmallow|jsonargparse|draccus|gin)\.\S{0,80}(?:Error|Exception|Missing\w{0,40}|ValidationError|Invalid\w{0,40})|ConfigurationError|MisconfigurationException|ConfigKeyError|ConfigAttributeError|MissingMandatoryValue|MissingConfigException|InvalidConfig\w{0,40}|ConfigError\b|ValidationError: \d{1,4} validation errors? for \w{0,60}(?:Config|Settings|Args|Arguments|Options|Params)|Could not override '|is not in struct\b|Error merging '|Missing (?:required )?(?:config(?:uration)?|setting|environment variable)s?\b|(?:environment|env) variable.{0,60}(?:is )?(?:not set|missing|required|must be set)|\b[A-Z][A-Z\d_]{3,60} (?:environment variable )?(?:is|was) (?:not set|required but)|: unbound variable$|: parameter (?:null or )?not set$|while (?:parsing|scanning) a (?:block|flow|simple)/,
    example: "omegaconf.errors.ConfigAttributeError: Key 'lrr' is not in struct",
    counterExample: 'config loaded: ConfigParser with 3 sections',
  },
  {
    name: 'invalid-argument',
    category: 'config',
    kind: 'exception',
    pattern:
      /\b400 List of found errors:|(?:InvalidArgument|BadRequest|FailedPrecondition|NotFound): 40[04] \S|INVALID_ARGUMENT: \S|FAILED_PRECONDITION: |^400 \S|ValidationException\b|NoSuchBucket|No URLs matched|matched no objects|configmap "[^"]{1,120}" not found|BucketNotFound|(?:The specified )?bucket does(?:n't| not) exist|\(gcloud\.(?![\w.-]{1,100}\.delete\))[\w.-]{1,100}\) NOT_FOUND: |Invalid value specified for |ClientError: 40[04] |NoSuchKey\b|is not a valid model identifier|Error code: 400\b/,
    example: 'google.api_core.exceptions.InvalidArgument: 400 List of found errors: 1.Field: job_spec',
    counterExample: 'found 404 files in 3 s',
  },
  {
    name: 'http-404',
    category: 'config',
    kind: 'exception',
    vague: true,
    pattern: /^(?!npm ).{0,400}\b404 (?:Client Error|Not Found)|(?:Repository|Revision|Entry)NotFoundError/i,
    example: 'requests.exceptions.HTTPError: 404 Client Error: Not Found for url: https://hub.example/x',
    counterExample: 'found 404 files in 3 s',
  },
  {
    name: 'command-not-found',
    category: 'config',
    kind: 'cause',
    vague: true,
    pattern:
      /^(?:\S{1,120}: )?(?:line )?(?:\d{1,6}: )?(?:\S{1,120}: ){1,2}(?:command )?not found$|: No such file or directory \(os error 2\)$|^(?:\/\S{1,60}\/)?(?:ba|z|da)?sh: (?:line )?(?:\d{1,6}: )?(?:cannot open |can't open )?\S{1,200}: (?:No such file(?: or directory)?|Permission denied|cannot execute.{0,60})$|(?:python\d?(?:\.\d{1,2})?|\S{1,80}\/python\d?(?:\.\d{1,2})?): (?:can't open file|No module named) \S{1,300}/,
    example: '/bin/sh: 1: accelerate: not found',
    counterExample: 'cache entry for accelerate: not found, downloading',
  },
  {
    name: 'exit-127',
    category: 'config',
    kind: 'pointer',
    hint: 'a command was not found',
    pattern:
      /(?:exit(?:ed)?|status|code)(?: with)?(?: non-zero)?(?: code| status)?(?: of)?[ :=(]{0,4}12[67]\b/i,
    example: 'Container called exit(127).',
    counterExample: 'Container called exit(1).',
  },
];

/** W&B: its API, its agents and its client. */
export const WANDB: readonly Rule[] = [
  {
    name: 'wandb-init',
    category: 'wandb',
    kind: 'cause',
    pattern:
      /Run initialization has timed out after [\d.]{1,8}|wandb\.(?:errors\.)?(?:errors\.)?CommError|failed to call wandb\.init|Connection to wandb service failed|You must call wandb\.init\(\) before|Error communicating with wandb process/,
    example: 'wandb.errors.errors.CommError: Run initialization has timed out after 90.0 sec.',
    counterExample: 'wandb.init() took 3 s',
  },
  {
    name: 'wandb-sweep',
    category: 'wandb',
    kind: 'cause',
    pattern:
      /anaconda \d{3} error|Sweep \S{1,60} (?:is not running|not found|does not exist)|invalid sweep config|sweep (?:is )?(?:already )?(?:finished|cancelled|stopped)\b.{0,40}(?:agent)/i,
    example: 'Error while calling W&B API: anaconda 400 error: ',
    counterExample: 'Creating sweep with ID: x1y2',
  },
  {
    name: 'wandb-flapping',
    category: 'wandb',
    kind: 'consequence',
    pattern: /Detected \d{1,3} failed runs in (?:the first \d{1,4} seconds|a row)/,
    example: 'Detected 3 failed runs in the first 60 seconds, killing sweep.',
    counterExample: 'Detected 3 runs',
  },
  {
    name: 'wandb-key',
    category: 'wandb',
    kind: 'cause',
    pattern:
      /wandb\.\S{0,60}(?:AuthenticationError|UsageError)|api_key not configured|API key (?:must be 40 characters|verification failed|you provided is)|^API key (?:is )?(?:invalid|missing|not configured)|not logged in.{0,60}wandb|wandb.{0,60}not logged in|user is not logged in|permission denied to access the project|project not found.{0,40}wandb|entity \S{1,80} not found(?! in\b)/i,
    example: 'wandb.errors.UsageError: api_key not configured (no-tty). call wandb.login(key=[your_api_key])',
    counterExample: 'Currently logged in as: ada',
  },
];

/** An answer of its API: what it was denied is denied by W&B, and not by the cloud. */
export const WANDB_ANSWERS: readonly Rule[] = [
  {
    name: 'wandb-answer',
    category: 'wandb',
    kind: 'cause',
    vague: true,
    pattern: /Error while calling W&B API: .{1,300} \(<Response \[\d{3}\]>\)/,
    example: 'Error while calling W&B API: permission denied (<Response [403]>)',
    counterExample: 'Error while calling W&B API: the following quota metrics exceed quota limits',
  },
];

/** What of W&B says little, or passes on what others say. */
export const WANDB_PASSES_ON: readonly Rule[] = [
  {
    name: 'wandb-api',
    category: 'wandb',
    kind: 'cause',
    vague: true,
    pattern:
      /Error while calling W&B API: \S|wandb\.errors\.|W&B API .{0,40}(?:error|failed)|Error uploading "[^"]{1,200}": CommError/,
    example: 'Error while calling W&B API: run k3x9 was deleted',
    counterExample: 'Syncing run to W&B',
  },
  {
    name: 'launch-failed',
    category: 'wandb',
    kind: 'cause',
    vague: true,
    pattern:
      /launch: (?:(?:Run|Job) \S{1,80} failed(?: to start)?: \S|Terminating job \S{1,80} because it failed to start: \S|Error running job: (?!Traceback)\S)|wandb\.sdk\.launch\.errors\.LaunchError: \S/,
    example: 'launch: Terminating job j1 because it failed to start: image has no entry point',
    counterExample: 'launch: Launching run into acme/x',
  },
];
