variable "project_id" {
  description = "Google Cloud project that holds Nightshift and its records."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens, and starts with a letter."
  }
}

variable "region" {
  description = "Region of the functions, their jobs, and all else that is not told its own. It needs Cloud Scheduler, which most regions have."
  type        = string
  default     = "us-central1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+\\d+$", var.region))
    error_message = "A region is a name such as europe-west4."
  }
}

variable "database" {
  description = "Firestore database of Nightshift's records."
  type        = string
  default     = "(default)"
  nullable    = false

  validation {
    condition     = var.database == "(default)" || can(regex("^[a-z][a-z0-9-]{2,61}[a-z0-9]$", var.database))
    error_message = "A database is (default), or has 4 to 63 lower-case letters, digits and hyphens and starts with a letter."
  }
}

variable "create_database" {
  description = "Whether the database is made here; false where it is there already."
  type        = bool
  default     = true
  nullable    = false
}

variable "database_location" {
  description = "Where the database is made, a region or a multi-region such as eur3: that of the functions unless told. It can never be changed."
  type        = string
  default     = null

  validation {
    condition     = var.database_location == null || can(regex("^([a-z]+-[a-z]+\\d+|nam[57]|eur3)$", var.database_location))
    error_message = "A location is a region such as europe-west4, or nam5, nam7 or eur3."
  }

  validation {
    condition     = var.database_location == null || var.create_database
    error_message = "A database that is there already has its location: leave database_location out where create_database is false."
  }
}

variable "deny_browser_clients" {
  description = "Whether the database's security rules refuse every browser and mobile client. By default only of a database that is made here: an existing one may serve an app by rules of its own, which these would replace."
  type        = bool
  default     = null
}

variable "dashboard_viewers" {
  description = "Who may see the page, ask the API and read the records, such as the service account of a dashboard: members as IAM policies name them. They may read everything in the database, for IAM knows no collections."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.dashboard_viewers : can(regex("^(user|group|serviceAccount|domain|principal|principalSet):\\S+$", member))])
    error_message = "A viewer is a member such as serviceAccount:dashboard@my-project.iam.gserviceaccount.com; the public is none."
  }
}

variable "backend_secrets" {
  description = "Environment variables that the settings name for the headers of HTTP backends -> ids of the secrets in Secret Manager that they hold."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(local.backend_variables, keys(var.backend_secrets))) == 0
    error_message = "Missing from backend_secrets: ${join(", ", setsubtract(local.backend_variables, keys(var.backend_secrets)))}, which a backend in functions/settings.json names."
  }

  validation {
    condition     = length(setsubtract(keys(var.backend_secrets), local.backend_variables)) == 0
    error_message = "Unknown in backend_secrets: ${join(", ", setsubtract(keys(var.backend_secrets), local.backend_variables))}, which no backend in functions/settings.json names."
  }

  validation {
    condition     = alltrue([for secret in values(var.backend_secrets) : can(regex("^[A-Za-z0-9_-]{1,255}$", secret))])
    error_message = "A secret is named by its id in this project, which has letters, digits, hyphens and underscores."
  }
}

variable "wandb_secret" {
  description = "Id of the secret in Secret Manager that holds the key of Weights & Biases, where the settings name workloads.wandb."
  type        = string
  default     = null

  validation {
    condition     = (var.wandb_secret != null) == can(local.workloads.wandb)
    error_message = var.wandb_secret == null ? "Missing: wandb_secret, for functions/settings.json names workloads.wandb." : "wandb_secret is given, but functions/settings.json names no workloads.wandb."
  }

  validation {
    condition     = var.wandb_secret == null || can(regex("^[A-Za-z0-9_-]{1,255}$", var.wandb_secret))
    error_message = "A secret is named by its id in this project, which has letters, digits, hyphens and underscores."
  }
}

variable "alert_email" {
  description = "Address that alerts are sent to; others go by notification_channels."
  type        = string
  default     = null

  validation {
    condition     = var.alert_email == null || can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alert_email))
    error_message = "An address is one such as oncall@example.com."
  }
}

variable "notification_channels" {
  description = "Existing notification channels of Cloud Monitoring that alerts are sent to."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "A channel is named in full: projects/my-project/notificationChannels/123."
  }
}

variable "dist" {
  description = "Folder with the archives of the functions, which npm run build makes: dist/ of the project unless told, or that of an earlier release."
  type        = string
  default     = null

  validation {
    condition     = var.dist == null || !endswith(coalesce(var.dist, "-"), "/")
    error_message = "A folder is named without a slash at its end."
  }
}

variable "reporters" {
  description = "Who may send reports of jobs, such as the service accounts that the jobs run as: members as IAM policies name them. Which jobs each may report stands in the settings."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for member in var.reporters : can(regex("^(user|group|serviceAccount|domain|principal|principalSet):\\S+$", member))])
    error_message = "A reporter is a member such as serviceAccount:trainer@my-project.iam.gserviceaccount.com; the public is none."
  }
}

variable "job_token_secrets" {
  description = "NIGHTSHIFT_JOB_TOKEN_KEY, and during a rotation NIGHTSHIFT_JOB_TOKEN_KEY_OLD -> ids of the secrets in Secret Manager with the keys that sign job tokens."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.job_token_secrets), ["NIGHTSHIFT_JOB_TOKEN_KEY", "NIGHTSHIFT_JOB_TOKEN_KEY_OLD"])) == 0
    error_message = "A key of job tokens is NIGHTSHIFT_JOB_TOKEN_KEY or NIGHTSHIFT_JOB_TOKEN_KEY_OLD."
  }

  validation {
    condition     = alltrue([for source in values(local.sources) : !try(source.reports.tokens, false) || contains(keys(var.job_token_secrets), "NIGHTSHIFT_JOB_TOKEN_KEY")])
    error_message = "A source in functions/settings.json asks for job tokens; expected NIGHTSHIFT_JOB_TOKEN_KEY in job_token_secrets."
  }

  validation {
    condition     = alltrue([for secret in values(var.job_token_secrets) : can(regex("^[A-Za-z0-9_-]{1,255}$", secret))])
    error_message = "A secret is named by its id in this project, which has letters, digits, hyphens and underscores."
  }
}
