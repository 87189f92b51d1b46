# The APIs that the functions, their deployment and their settings need. What is enabled stays so when this is destroyed:
# others in the project may need it too.

locals {
  apis = toset(concat(
    [
      "artifactregistry.googleapis.com",
      "cloudbuild.googleapis.com",
      "cloudfunctions.googleapis.com",
      "cloudscheduler.googleapis.com",
      "firestore.googleapis.com",
      "iam.googleapis.com",
      "logging.googleapis.com",
      "monitoring.googleapis.com",
      "run.googleapis.com",
      "storage.googleapis.com",
    ],
    local.deny_browser_clients ? ["firebaserules.googleapis.com"] : [],
    length(var.backend_secrets) + length(var.job_token_secrets) > 0 || var.wandb_secret != null ? ["secretmanager.googleapis.com"] : [],
    can(local.metrics.bigquery) ? ["bigquery.googleapis.com"] : [],
    try(local.metrics.database.cloudSql, false) ? ["sqladmin.googleapis.com"] : [],
    can(local.artifacts.vertexModels) || contains(local.backend_kinds, "vertex-ai") || can(local.workloads.vertex) ? ["aiplatform.googleapis.com"] : [],
  ))
}

resource "google_project_service" "required" {
  for_each = local.apis

  project            = var.project_id
  service            = each.value
  disable_on_destroy = false
}
