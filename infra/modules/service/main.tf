# A private function (2nd gen) that answers requests: it has no job. Whoever may call it is named.

locals {
  runtime = "serviceAccount:${google_service_account.runtime.email}"
}

resource "google_service_account" "runtime" {
  project      = var.project_id
  account_id   = "nightshift-${var.service}"
  display_name = "Nightshift ${var.service}"
  description  = "What ${var.service} runs as"
}

resource "google_secret_manager_secret_iam_member" "runtime" {
  for_each = var.secrets

  project   = var.project_id
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = local.runtime
}

resource "google_cloudfunctions2_function" "service" {
  project     = var.project_id
  location    = var.region
  name        = var.service
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
    # Less than a whole CPU allows no more than one request at a time.
    available_cpu   = "1"
    timeout_seconds = var.entry.timeoutSeconds
    # Outside of production the framework answers a request that it cannot parse with a stack.
    environment_variables = merge(var.environment, { NODE_ENV = "production" })

    min_instance_count               = 0
    max_instance_request_concurrency = var.entry.concurrency
    # Each instance holds what it has read, so that they bound what is read together.
    max_instance_count = var.entry.maxInstances

    # Whoever calls needs run.invoker, and does so from elsewhere than Google's network.
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
resource "google_cloud_run_v2_service_iam_member" "viewer" {
  for_each = toset(var.viewers)

  project  = var.project_id
  location = google_cloudfunctions2_function.service.location
  name     = google_cloudfunctions2_function.service.name
  role     = "roles/run.invoker"
  member   = each.value
}
