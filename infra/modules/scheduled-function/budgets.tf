# The rules of functions/shared/catalog.ts that a deployment must not break. That file has them whole, with their reasons.

locals {
  settle_seconds          = 30
  takeover_margin_seconds = 30

  # What all retries of one slot wait together: doubling maxDoublings times, then growing linearly, capped.
  backoffs = [
    for index in range(var.entry.retry.count) : min(
      var.entry.retry.maxBackoffSeconds,
      var.entry.retry.minBackoffSeconds * pow(2, min(index, var.entry.retry.maxDoublings)) *
      max(1, index - var.entry.retry.maxDoublings + 1)
    )
  ]
  backoff_seconds = sum(concat([0], local.backoffs))

  cron_values = [
    "[0-5]?\\d",
    "([01]?\\d|2[0-3])",
    "(0?[1-9]|[12]\\d|3[01])",
    "(0?[1-9]|1[0-2]|JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC)",
    "([0-7]|SUN|MON|TUE|WED|THU|FRI|SAT)",
  ]
  cron_parts  = [for value in local.cron_values : "(\\*|${value}(-${value})?)(/([1-9]|[1-5]\\d))?"]
  cron_fields = [for part in local.cron_parts : "${part}(,${part})*"]
  cron        = "^(?i)${join(" ", local.cron_fields)}$"
}
