# Nightshift: one private function and one Cloud Scheduler job per task of functions/catalog.json, beside the records that
# they keep, and one private function without a job per service. functions/settings.json says what they look after, and with
# that what they may do.

locals {
  functions = jsondecode(file("${path.module}/../functions/catalog.json"))
  # An entry that does not say is a task.
  catalog  = { for name, entry in local.functions : name => entry if try(entry.kind, "task") == "task" }
  services = { for name, entry in local.functions : name => entry if try(entry.kind, "task") == "service" }
  settings = jsondecode(file("${path.module}/../functions/settings.json"))
  sources  = local.settings.sources

  build = {
    service_account = google_service_account.build.name
    repository      = google_artifact_registry_repository.images.id
  }
  environment = {
    GOOGLE_CLOUD_PROJECT = var.project_id
    FIRESTORE_DATABASE   = local.database
    NIGHTSHIFT_REGION    = var.region
  }

  # Whoever looks at the workload tables has them refreshed: the service passes it on to the one function that does.
  refreshes = contains(keys(local.services), "status") && try(local.catalog["observe-workloads"].enabled, false)
  observer  = local.refreshes ? { NIGHTSHIFT_OBSERVER_URL = module.function["observe-workloads"].url } : {}

  # In 512 MiB Node gives new objects 2 MB, and a flood of reports spends a third of its time on collecting them.
  young_space = { NODE_OPTIONS = "--max-semi-space-size=16" }

  backend_variables = toset(compact([
    for source in values(local.sources) : try(source.backend.header.variable, "")
  ]))
}

module "function" {
  source   = "./modules/scheduled-function"
  for_each = local.catalog

  project_id = var.project_id
  region     = var.region
  task       = each.key
  entry      = each.value

  source_archive = {
    bucket = google_storage_bucket.source.name
    object = google_storage_bucket_object.source[each.key].name
  }
  build = local.build
  # Names are looked up by threads, of which four that hang would hold up all others: each region has a host of its own.
  environment = each.key == "observe-workloads" ? merge(local.environment, { UV_THREADPOOL_SIZE = "32" }) : local.environment
  # Of the tasks only the sweep asks backends, and only one asks W&B.
  secrets = (
    each.key == "sweep-stale-jobs" ? var.backend_secrets :
    each.key == "observe-workloads" && var.wandb_secret != null ? { WANDB_API_KEY = var.wandb_secret } : {}
  )

  # A build that starts before its rights are there fails.
  depends_on = [
    google_project_service.required,
    google_project_iam_member.build,
    google_storage_bucket_iam_member.build,
    google_artifact_registry_repository_iam_member.build,
  ]
}

module "service" {
  source   = "./modules/service"
  for_each = local.services

  project_id = var.project_id
  region     = var.region
  service    = each.key
  entry      = each.value

  source_archive = {
    bucket = google_storage_bucket.source.name
    object = google_storage_bucket_object.source[each.key].name
  }
  build       = local.build
  environment = merge(local.environment, each.key == "status" ? local.observer : {}, each.key == "report" ? local.young_space : {})
  # The page asks backends for the truth about the jobs that it shows; reports are told apart by tokens of their jobs.
  secrets = lookup({ status = var.backend_secrets, report = var.job_token_secrets }, each.key, {})
  viewers = each.key == "report" ? var.reporters : var.dashboard_viewers

  depends_on = [
    google_project_service.required,
    google_project_iam_member.build,
    google_storage_bucket_iam_member.build,
    google_artifact_registry_repository_iam_member.build,
  ]
}
