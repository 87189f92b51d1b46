# Three alerts: Nightshift found something wrong; Cloud Scheduler could not deliver; and the sweep, which watches all the
# others, gives no sign of life. Monitoring refuses a policy about a metric that it does not know, and knows one for up to ten
# minutes after it was made not yet. So the first two match lines of the log, without a metric, and the third, which must tell
# of lines that do not come, asks for no check: else a first apply would need a second one.

locals {
  tasks    = join(" OR ", [for task in keys(local.catalog) : "\"${task}\""])
  channels = concat(var.notification_channels, google_monitoring_notification_channel.email[*].id)
  sweep    = try(local.catalog["sweep-stale-jobs"], null)
  sweeps   = try(local.sweep.enabled, false)

  # From a slot of the sweep to the next, at most; npm run build counts them.
  sweep_gap_seconds = try(local.built_from.longestGapSeconds["sweep-stale-jobs"], 0)
  # How much later than its slot a sweep can be seen that begins and works as long as it may: a metric takes some minutes.
  sweep_delay_seconds = try(ceil((local.sweep.startGraceSeconds + local.sweep.timeoutSeconds + 300) / 60) * 60, 0)
  # Google looks back no further for what is absent: https://docs.cloud.google.com/monitoring/alerts/metric-absence
  absence_limit_seconds = 84600
  # Three intervals, where there is room for them.
  sweep_absent_seconds = min(
    max(3 * local.sweep_gap_seconds, local.sweep_gap_seconds + local.sweep_delay_seconds),
    local.absence_limit_seconds,
  )
}

resource "google_monitoring_notification_channel" "email" {
  count = var.alert_email == null ? 0 : 1

  project      = var.project_id
  display_name = "Nightshift"
  type         = "email"
  labels       = { email_address = var.alert_email }

  depends_on = [google_project_service.required]
}

# functions/shared/run/execute.ts ends each run with this line. What a person started proves nothing of the schedule.
resource "google_logging_metric" "sweeps" {
  count = local.sweeps ? 1 : 0

  project     = var.project_id
  name        = "nightshift/sweeps"
  description = "Scheduled runs of sweep-stale-jobs that did their work"
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=\"sweep-stale-jobs\" AND jsonPayload.outcome=(\"succeeded\" OR \"partial\") AND NOT jsonPayload.runId:\"@manual-\""

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"
  }

  depends_on = [google_project_service.required]
}

resource "google_monitoring_alert_policy" "alarm" {
  project      = var.project_id
  display_name = "Nightshift: alarm"
  combiner     = "OR"

  conditions {
    display_name = "An alarm was opened"

    # functions/shared/store/own/records.ts tells each alarm in one line, once it is recorded.
    condition_matched_log {
      filter = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${local.tasks}) AND severity>=WARNING AND jsonPayload.alarm:*"

      label_extractors = {
        kind    = "EXTRACT(jsonPayload.alarm)"
        subject = "EXTRACT(jsonPayload.subject)"
        message = "EXTRACT(jsonPayload.message)"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = <<-EOT
      $${log.extracted_label.message}

      Alarm `$${log.extracted_label.kind}` about `$${log.extracted_label.subject}`. What is open, and why:

          GOOGLE_CLOUD_PROJECT=${var.project_id} npm run -s ops -- alarms

      scripts/README.md says what each kind means and what to do. This incident ends by itself; the alarm in Firestore
      lasts until what it is about is mended.
    EOT
  }

  alert_strategy {
    auto_close = "3600s"

    # Of each kind, subject and message; every condition about log lines needs it.
    notification_rate_limit {
      period = "300s"
    }
  }

  notification_channels = local.channels

  depends_on = [google_project_service.required]
}

resource "google_monitoring_alert_policy" "failed_attempt" {
  project      = var.project_id
  display_name = "Nightshift: an attempt of Cloud Scheduler failed"
  combiner     = "OR"

  conditions {
    display_name = "No answer, or another one than 2xx and 409"

    # 409 is deliberate: the run is live or another one of its task is, and the attempt is to come back.
    condition_matched_log {
      filter = "resource.type=\"cloud_scheduler_job\" AND resource.labels.job_id=(${local.tasks}) AND resource.labels.location=\"${var.region}\" AND severity>=ERROR AND NOT httpRequest.status=409 AND NOT jsonPayload.debugInfo:\"code number = 409\""

      label_extractors = {
        task = "EXTRACT(resource.labels.job_id)"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = <<-EOT
      Cloud Scheduler called `$${log.extracted_label.task}` and got no answer in time, or an error. Retries of the catalogue
      follow by themselves. What the function made of it, and what Cloud Scheduler logged:

          GOOGLE_CLOUD_PROJECT=${var.project_id} npm run -s ops -- runs $${log.extracted_label.task}
          gcloud logging read 'resource.type="cloud_scheduler_job" AND resource.labels.job_id="$${log.extracted_label.task}" AND severity>=ERROR' --project=${var.project_id} --freshness=1d --limit=5

      401 and 403: the invoker lacks run.invoker, or the audience is wrong; `terraform apply` mends both. No run at all: the
      function does not start; its log says why.
    EOT
  }

  alert_strategy {
    auto_close = "3600s"

    notification_rate_limit {
      period = "300s"
    }
  }

  notification_channels = local.channels

  depends_on = [google_project_service.required]
}

resource "google_monitoring_alert_policy" "sweep_absent" {
  count = local.sweeps ? 1 : 0

  project      = var.project_id
  display_name = "Nightshift: the sweep is absent"
  combiner     = "OR"

  conditions {
    display_name = "No scheduled sweep for ${local.sweep_absent_seconds / 60} minutes"

    # Monitoring ends the series when nothing more is logged, goes on with zeros, or has none before the first sweep: all of
    # these are none.
    condition_prometheus_query_language {
      query                     = "(sum(increase(logging_googleapis_com:user_${replace(google_logging_metric.sweeps[0].name, "/", "_")}{monitored_resource=\"cloud_run_revision\"}[${local.sweep_gap_seconds}s])) or vector(0)) < 0.5"
      duration                  = "${local.sweep_absent_seconds - local.sweep_gap_seconds}s"
      evaluation_interval       = "60s"
      disable_metric_validation = true
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = <<-EOT
      No scheduled run of `sweep-stale-jobs` succeeded for ${local.sweep_absent_seconds / 60} minutes, so nobody watches the
      other tasks. Its job may be paused, its function broken, or Firestore out of reach:

          gcloud scheduler jobs describe sweep-stale-jobs --location=${var.region} --project=${var.project_id}
          GOOGLE_CLOUD_PROJECT=${var.project_id} npm run -s ops -- runs sweep-stale-jobs
    EOT
  }

  notification_channels = local.channels

  lifecycle {
    precondition {
      condition     = local.sweep_gap_seconds > 0
      error_message = "Cannot tell how often sweep-stale-jobs runs: ${local.dist}/built-from.json does not say. Run: npm run build"
    }
    precondition {
      condition     = local.sweep_gap_seconds + local.sweep_delay_seconds <= local.absence_limit_seconds
      error_message = "Cannot use sweep-stale-jobs.schedule \"${local.sweep.schedule}\": up to ${local.sweep_gap_seconds} s from a slot to the next and ${local.sweep_delay_seconds} s until a sweep is seen; expected ${local.absence_limit_seconds} s together at most, or nobody could be told that it is absent."
    }
  }

  # A sweep whose function is still being built is not absent.
  depends_on = [module.function]
}
