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
  description = "Region of the function."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]+-[a-z]+\\d+$", var.region))
    error_message = "A region is a name such as europe-west4."
  }
}

variable "service" {
  description = "Name of the service: of the function, and what follows from it."
  type        = string
  nullable    = false

  validation {
    # A service account's name has at most 30 characters, and 11 of them are not the service's.
    condition     = can(regex("^[a-z][a-z0-9-]{0,17}[a-z0-9]$", var.service))
    error_message = "Cannot use service \"${var.service}\"; expected 2 to 19 lower-case letters, digits and hyphens."
  }
}

variable "entry" {
  description = "The service's entry in functions/catalog.json."
  type = object({
    entryPoint     = string
    description    = string
    timeoutSeconds = number
    concurrency    = number
    maxInstances   = number
    memory         = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[a-z][A-Za-z0-9]{0,62}$", var.entry.entryPoint))
    error_message = "Cannot use ${var.service}.entryPoint \"${var.entry.entryPoint}\"; expected a camelCase name."
  }

  # The service's own deadline is 5 s earlier.
  validation {
    condition     = var.entry.timeoutSeconds > 5 && var.entry.timeoutSeconds <= 1800
    error_message = "Cannot use ${var.service}.timeoutSeconds ${var.entry.timeoutSeconds}; expected 6 to 1800."
  }

  validation {
    condition     = var.entry.concurrency >= 1 && var.entry.concurrency <= 1000
    error_message = "Cannot use ${var.service}.concurrency ${var.entry.concurrency}; expected 1 to 1000."
  }

  validation {
    condition     = var.entry.maxInstances >= 1 && var.entry.maxInstances <= 100
    error_message = "Cannot use ${var.service}.maxInstances ${var.entry.maxInstances}; expected 1 to 100."
  }

  validation {
    condition     = can(regex("^\\d+(Mi|Gi)$", var.entry.memory))
    error_message = "Cannot use ${var.service}.memory \"${var.entry.memory}\"; expected an amount such as 512Mi."
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

variable "viewers" {
  description = "Who may call the service: members as IAM policies name them."
  type        = list(string)
  nullable    = false

  validation {
    condition     = alltrue([for member in var.viewers : !contains(["allUsers", "allAuthenticatedUsers"], member)])
    error_message = "The public is no viewer."
  }
}
