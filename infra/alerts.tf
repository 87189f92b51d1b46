# Three alerts: Nightshift found something wrong; Cloud Scheduler could not deliver; and the sweep, which watches all the
# others, gives no sign of life. A metric that was just made is unknown to Monitoring for a while, and a policy about it is
# refused: the policies wait for the functions, which take some minutes to build.

locals {
  services = join(" OR ", [for task in keys(local.catalog) : "\"${task}\""])
  channels = concat(var.notification_channels, google_monitoring_notification_channel.email[*].id)
  sweeps   = try(local.catalog["sweep-stale-jobs"].enabled, false)
}

resource "google_monitoring_notification_channel" "email" {
  count = var.alert_email == null ? 0 : 1

  project      = var.project_id
  display_name = "Nightshift"
  type         = "email"
  labels       = { email_address = var.alert_email }

  depends_on = [google_project_service.required]
}

# functions/shared/store/records.ts tells each alarm in one line, once it is recorded.
resource "google_logging_metric" "alarms" {
  project     = var.project_id
  name        = "nightshift/alarms"
  description = "Alarms that Nightshift opened"
  filter      = "resource.type=\"cloud_run_revision\" AND resource.labels.service_name=(${local.services}) AND severity>=WARNING AND jsonPayload.alarm:*"

  label_extractors = {
    kind    = "EXTRACT(jsonPayload.alarm)"
    subject = "EXTRACT(jsonPayload.subject)"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    labels {
      key         = "kind"
      value_type  = "STRING"
      description = "What is wrong, such as failing or missed"
    }
    labels {
      key         = "subject"
      value_type  = "STRING"
      description = "The task or source that it is about"
    }
  }

  depends_on = [google_project_service.required]
}

# 409 is deliberate: the run is live or another one of its task is, and the attempt is to come back.
resource "google_logging_metric" "failed_attempts" {
  project     = var.project_id
  name        = "nightshift/failed-attempts"
  description = "Attempts of Cloud Scheduler that got no answer, or another one than 2xx and 409"
  filter      = "resource.type=\"cloud_scheduler_job\" AND resource.labels.job_id=(${local.services}) AND resource.labels.location=\"${var.region}\" AND severity>=ERROR AND NOT httpRequest.status=409 AND NOT jsonPayload.debugInfo:\"code number = 409\""

  label_extractors = {
    task = "EXTRACT(resource.labels.job_id)"
  }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    labels {
      key         = "task"
      value_type  = "STRING"
      description = "The task, which is the name of its job"
    }
  }

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

    condition_threshold {
      filter          = "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.alarms.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.kind", "metric.label.subject"]
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = <<-EOT
      Alarm `$${metric.label.kind}` about `$${metric.label.subject}`. What is open, and why:

          GOOGLE_CLOUD_PROJECT=${var.project_id} npm run -s ops -- alarms

      The README tells under "Operate" what each kind means and what to do. This incident ends by itself; the alarm in
      Firestore lasts until what it is about is mended.
    EOT
  }

  alert_strategy {
    auto_close = "3600s"
  }

  notification_channels = local.channels

  depends_on = [module.function]
}

resource "google_monitoring_alert_policy" "failed_attempt" {
  project      = var.project_id
  display_name = "Nightshift: an attempt of Cloud Scheduler failed"
  combiner     = "OR"

  conditions {
    display_name = "No answer, or another one than 2xx and 409"

    condition_threshold {
      filter          = "resource.type = \"cloud_scheduler_job\" AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.failed_attempts.name}\""
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["metric.label.task"]
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = <<-EOT
      Cloud Scheduler called `$${metric.label.task}` and got no answer in time, or an error. Retries of the catalogue follow
      by themselves. What the function made of it, and what Cloud Scheduler logged:

          GOOGLE_CLOUD_PROJECT=${var.project_id} npm run -s ops -- runs $${metric.label.task}
          gcloud logging read 'resource.type="cloud_scheduler_job" AND resource.labels.job_id="$${metric.label.task}" AND severity>=ERROR' --project=${var.project_id} --freshness=1d --limit=5

      401 and 403: the invoker lacks run.invoker, or the audience is wrong; `terraform apply` mends both. No run at all: the
      function does not start; its log says why.
    EOT
  }

  alert_strategy {
    auto_close = "3600s"
  }

  notification_channels = local.channels

  depends_on = [module.function]
}

resource "google_monitoring_alert_policy" "sweep_absent" {
  count = local.sweeps ? 1 : 0

  project      = var.project_id
  display_name = "Nightshift: the sweep is absent"
  combiner     = "OR"

  # Monitoring ends the series when nothing more is logged, or goes on with zeros: either must tell.
  conditions {
    display_name = "No scheduled sweep for 30 minutes, no data"

    condition_absent {
      filter   = "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.sweeps[0].name}\""
      duration = "1800s"

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }
  conditions {
    display_name = "No scheduled sweep for 30 minutes, zeros"

    condition_threshold {
      filter          = "resource.type = \"cloud_run_revision\" AND metric.type = \"logging.googleapis.com/user/${google_logging_metric.sweeps[0].name}\""
      comparison      = "COMPARISON_LT"
      threshold_value = 1
      duration        = "0s"

      aggregations {
        alignment_period     = "1800s"
        per_series_aligner   = "ALIGN_SUM"
        cross_series_reducer = "REDUCE_SUM"
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = <<-EOT
      No scheduled run of `sweep-stale-jobs` succeeded for 30 minutes, so nobody watches the other tasks. Its job may be paused,
      its function broken, or Firestore out of reach:

          gcloud scheduler jobs describe sweep-stale-jobs --location=${var.region} --project=${var.project_id}
          GOOGLE_CLOUD_PROJECT=${var.project_id} npm run -s ops -- runs sweep-stale-jobs
    EOT
  }

  notification_channels = local.channels

  depends_on = [module.function]
}
