variable "project_id" {
  description = "Google Cloud project that holds Nightshift's records."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.project_id))
    error_message = "A project id has 6 to 30 lower-case letters, digits and hyphens, and starts with a letter."
  }
}

variable "database" {
  description = "Firestore database of Nightshift's records."
  type        = string
  default     = "(default)"
}
