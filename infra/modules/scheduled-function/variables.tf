variable "project_id" {
  description = "Google Cloud project of the function."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens, and starts with a letter."
  }
}

variable "region" {
  description = "Region of the function and its job."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+\\d+$", var.region))
    error_message = "A region is a name such as europe-west4."
  }
}

variable "task" {
  description = "Name of the task: of the function, its job, and what follows from them."
  type        = string
  nullable    = false

  validation {
    # A service account's name has at most 30 characters, and 11 of them are not the task's.
    condition     = can(regex("^[a-z][a-z0-9-]{0,17}[a-z0-9]$", var.task))
    error_message = "Cannot use task \"${var.task}\"; expected 2 to 19 lower-case letters, digits and hyphens."
  }
}

variable "entry" {
  description = "The task's entry in functions/catalog.json."
  type = object({
    entryPoint             = string
    description            = string
    enabled                = bool
    schedule               = string
    timeoutSeconds         = number
    attemptDeadlineSeconds = number
    leaseSeconds           = number
    memory                 = string
    retry = object({
      count             = number
      minBackoffSeconds = number
      maxBackoffSeconds = number
      maxDoublings      = number
    })
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z][A-Za-z0-9]{0,62}$", var.entry.entryPoint))
    error_message = "Cannot use ${var.task}.entryPoint \"${var.entry.entryPoint}\"; expected a camelCase name."
  }

  validation {
    condition     = length(var.entry.description) <= 500
    error_message = "Cannot use ${var.task}.description; Cloud Scheduler takes at most 500 characters."
  }

  validation {
    condition     = can(regex(local.cron, var.entry.schedule))
    error_message = "Cannot use ${var.task}.schedule \"${var.entry.schedule}\"; expected five fields of unix-cron as Cloud Scheduler reads them, without L, W and #."
  }

  # https://cloud.google.com/scheduler/docs/reference/rest/v1/projects.locations.jobs
  validation {
    condition     = var.entry.attemptDeadlineSeconds >= 15 && var.entry.attemptDeadlineSeconds <= 1800
    error_message = "Cannot use ${var.task}.attemptDeadlineSeconds ${var.entry.attemptDeadlineSeconds}; expected 15 to 1800."
  }

  validation {
    condition     = var.entry.timeoutSeconds <= var.entry.attemptDeadlineSeconds
    error_message = "Cannot use ${var.task}.timeoutSeconds ${var.entry.timeoutSeconds}; expected at most attemptDeadlineSeconds, which is ${var.entry.attemptDeadlineSeconds}: Cloud Scheduler would give up on a run that still works."
  }

  validation {
    condition     = var.entry.leaseSeconds >= 2 && var.entry.leaseSeconds < var.entry.timeoutSeconds - local.settle_seconds
    error_message = "Cannot use ${var.task}.leaseSeconds ${var.entry.leaseSeconds}; expected 2 or more, and less than timeoutSeconds - ${local.settle_seconds} = ${var.entry.timeoutSeconds - local.settle_seconds}, the task's own deadline."
  }

  validation {
    condition = alltrue([
      contains(range(6), var.entry.retry.count),
      contains(range(17), var.entry.retry.maxDoublings),
      var.entry.retry.minBackoffSeconds >= 5,
      var.entry.retry.minBackoffSeconds <= var.entry.retry.maxBackoffSeconds,
      var.entry.retry.maxBackoffSeconds <= 3600,
    ])
    error_message = "Cannot use ${var.task}.retry; expected count 0 to 5, maxDoublings 0 to 16, and 5 <= minBackoffSeconds <= maxBackoffSeconds <= 3600."
  }

  validation {
    condition     = can(regex("^\\d+(Mi|Gi)$", var.entry.memory))
    error_message = "Cannot use ${var.task}.memory \"${var.entry.memory}\"; expected an amount such as 512Mi."
  }
}

variable "source_archive" {
  description = "The function's archive: its bucket and its name there, which changes with its content."
  type        = object({ bucket = string, object = string })
  nullable    = false

  validation {
    condition     = endswith(var.source_archive.object, ".zip")
    error_message = "The archive of a function is a .zip file."
  }
}

variable "build" {
  description = "How the archive becomes an image: the id of the service account that builds, and of the repository."
  type        = object({ service_account = string, repository = string })
  nullable    = false

  validation {
    condition     = alltrue([for id in values(var.build) : length(id) > 0])
    error_message = "A build needs a service account and a repository."
  }
}

variable "environment" {
  description = "Environment variables of the function."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.environment) : can(regex("^[A-Z][A-Z0-9_]*$", name))])
    error_message = "An environment variable has capital letters, digits and underscores."
  }
}

variable "secrets" {
  description = "Environment variables of the function -> ids of the secrets in Secret Manager that they hold."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.secrets), keys(var.environment))) == 0
    error_message = "An environment variable is either plain or a secret, not both."
  }
}
