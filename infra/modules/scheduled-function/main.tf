# A private function (2nd gen) and the Cloud Scheduler job that calls it, each with a service account of its own.

locals {
  runtime = "serviceAccount:${google_service_account.runtime.email}"
  invoker = "serviceAccount:${google_service_account.invoker.email}"
}

resource "google_service_account" "runtime" {
  project      = var.project_id
  account_id   = "nightshift-${var.task}"
  display_name = "Nightshift ${var.task}"
  description  = "What ${var.task} runs as"
}

resource "google_service_account" "invoker" {
  project      = var.project_id
  account_id   = "invoke-${var.task}"
  display_name = "Nightshift ${var.task}, invoker"
  description  = "What Cloud Scheduler calls ${var.task} as"
}

resource "google_secret_manager_secret_iam_member" "runtime" {
  for_each = var.secrets

  project   = var.project_id
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = local.runtime
}

resource "google_cloudfunctions2_function" "task" {
  project     = var.project_id
  location    = var.region
  name        = var.task
  description = var.entry.description

  build_config {
    runtime           = "nodejs24"
    entry_point       = var.entry.entryPoint
    service_account   = var.build.service_account
    docker_repository = var.build.repository

    source {
      storage_source {
        bucket = var.source_archive.bucket
        object = var.source_archive.object
      }
    }
  }

  service_config {
    service_account_email = google_service_account.runtime.email
    available_memory      = var.entry.memory
    available_cpu         = "1"
    timeout_seconds       = var.entry.timeoutSeconds
    environment_variables = var.environment

    min_instance_count = 0
    # A task that ignores its deadline ends its process, which must take no other request with it.
    max_instance_request_concurrency = 1
    # The lease keeps one run at work. Further deliveries need an instance to be told so: with one alone they would get
    # 429 from Cloud Run, and leave no record.
    max_instance_count = 3

    # Whoever calls needs run.invoker; an operator does so from elsewhere than Google's network.
    ingress_settings               = "ALLOW_ALL"
    all_traffic_on_latest_revision = true

    dynamic "secret_environment_variables" {
      for_each = var.secrets
      content {
        key        = secret_environment_variables.key
        project_id = var.project_id
        secret     = secret_environment_variables.value
        version    = "latest"
      }
    }
  }

  # A revision whose secrets cannot be read does not start.
  depends_on = [google_secret_manager_secret_iam_member.runtime]
}

# On the Cloud Run service below the function, which is what checks the token; it has the function's name.
resource "google_cloud_run_v2_service_iam_member" "invoker" {
  project  = var.project_id
  location = google_cloudfunctions2_function.task.location
  name     = google_cloudfunctions2_function.task.name
  role     = "roles/run.invoker"
  member   = local.invoker
}

# Its name is the task's: the function knows a scheduled run by it.
resource "google_cloud_scheduler_job" "task" {
  project     = var.project_id
  region      = var.region
  name        = var.task
  description = var.entry.description

  schedule         = var.entry.schedule
  time_zone        = "Etc/UTC"
  paused           = !var.entry.enabled
  attempt_deadline = "${var.entry.attemptDeadlineSeconds}s"

  retry_config {
    retry_count          = var.entry.retry.count
    min_backoff_duration = "${var.entry.retry.minBackoffSeconds}s"
    max_backoff_duration = "${var.entry.retry.maxBackoffSeconds}s"
    max_doublings        = var.entry.retry.maxDoublings
    max_retry_duration   = "0s"
  }

  http_target {
    http_method = "POST"
    uri         = google_cloudfunctions2_function.task.service_config[0].uri
    body        = base64encode("{}")
    # Without it the body travels as application/octet-stream.
    headers = { "Content-Type" = "application/json" }

    oidc_token {
      service_account_email = google_service_account.invoker.email
      # By default the audience is the whole target, which stops matching with the first path or query in it.
      audience = google_cloudfunctions2_function.task.service_config[0].uri
    }
  }

  lifecycle {
    precondition {
      condition     = var.entry.retry.count == 0 || local.backoff_seconds > var.entry.leaseSeconds + local.takeover_margin_seconds
      error_message = "Cannot use ${var.task}.retry: the back-offs sum to ${local.backoff_seconds} s; expected more than leaseSeconds + ${local.takeover_margin_seconds} = ${var.entry.leaseSeconds + local.takeover_margin_seconds} s, or count 0: a retry could never take over a dead run."
    }
  }

  # A first slot that is refused would be a failed attempt.
  depends_on = [google_cloud_run_v2_service_iam_member.invoker]
}
