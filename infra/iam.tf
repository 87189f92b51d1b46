# What each function may do, by what functions/settings.json gives it to look after: nothing more, and nothing of it anywhere
# else. What runs in another project of the settings is granted there, which whoever deploys must be allowed to do.

locals {
  metrics       = try(local.settings.metrics, {})
  artifacts     = try(local.settings.artifacts, {})
  workloads     = try(local.settings.workloads, {})
  backends      = [for source in values(local.sources) : source.backend if can(source.backend.kind)]
  backend_kinds = toset(local.backends[*].kind)

  # Of the metric sources of the platform, each in the project that it looks at.
  metric_permissions = {
    storage  = ["storage.buckets.list"]
    bigquery = ["bigquery.jobs.listAll"]
    cloudRun = ["run.services.list"]
    database = try(local.metrics.database.cloudSql, false) ? ["cloudsql.instances.list"] : []
  }

  # Of the systems that run the jobs; a failed execution of Cloud Run tells why only in its log. Of an HTTP backend the secret
  # is all that is needed.
  backend_permissions = {
    vertex-ai   = ["aiplatform.customJobs.get", "aiplatform.customJobs.list"]
    cloud-run   = ["logging.logEntries.list", "run.executions.get"]
    cloud-build = ["cloudbuild.builds.get"]
    http        = []
  }

  # Of the workload tables, by what names them in the settings; why a workload failed often stands only in its log. Of W&B
  # the secret with its key is all that is needed.
  workload_permissions = {
    builds = ["cloudbuild.builds.get", "cloudbuild.builds.list", "logging.logEntries.list"]
    runner = ["logging.logEntries.list", "run.executions.get", "run.executions.list"]
    vertex = ["aiplatform.customJobs.get", "aiplatform.customJobs.list", "logging.logEntries.list"]
    wandb  = []
  }

  needs = concat(
    [for section, permissions in local.metric_permissions : {
      name        = "collect-metrics"
      project     = try(local.metrics[section].googleProject, var.project_id)
      permissions = concat(permissions, ["monitoring.timeSeries.list"])
    } if contains(keys(local.metrics), section)],
    [for registry in try([local.artifacts.vertexModels], []) : {
      name        = "cleanup-artifacts"
      project     = try(registry.googleProject, var.project_id)
      permissions = ["aiplatform.models.list"]
    }],
    # It watches the jobs of Cloud Scheduler too.
    [{
      name        = "sweep-stale-jobs"
      project     = var.project_id
      permissions = ["cloudscheduler.jobs.list"]
    }],
    [for table, permissions in local.workload_permissions : {
      name        = "observe-workloads"
      project     = try(local.workloads[table].googleProject, var.project_id)
      permissions = permissions
    } if contains(keys(local.workloads), table) && length(permissions) > 0],
    # What the sweep asks before it judges a job, the service asks to show the truth beside the record.
    flatten([for name in ["sweep-stale-jobs", "status"] : [for backend in local.backends : {
      name        = name
      project     = try(backend.googleProject, var.project_id)
      permissions = local.backend_permissions[backend.kind]
    } if length(local.backend_permissions[backend.kind]) > 0]]),
  )
  grants = {
    for key, needs in { for need in local.needs : "${need.name}/${need.project}" => need... } : key => {
      name        = needs[0].name
      project     = needs[0].project
      permissions = sort(distinct(flatten(needs[*].permissions)))
    } if contains(keys(local.functions), needs[0].name)
  }

  # Databases: every task keeps its books in Nightshift's own. Of the user's, only a source in mode enforce is written, and
  # by reports one that takes them. A service only reads, but for them. IAM knows no collections: what may write to a database
  # may write to all of it, so that records which must be apart need a database of their own.
  accesses = concat(
    [for name in keys(local.functions) : {
      name     = name
      project  = var.project_id
      database = local.database
      writes   = contains(keys(local.catalog), name) || name == "report"
    }],
    [for source in values(local.sources) : {
      name     = "report"
      project  = try(source.googleProject, var.project_id)
      database = try(source.database, local.database)
      writes   = true
    } if can(keys(source.reports))],
    flatten([for name in ["collect-metrics", "cleanup-artifacts", "sweep-stale-jobs", "status"] : [
      for source in values(local.sources) : {
        name     = name
        project  = try(source.googleProject, var.project_id)
        database = try(source.database, local.database)
        writes   = contains(["cleanup-artifacts", "sweep-stale-jobs"], name) && try(source.mode, "observe") == "enforce"
      }
    ]]),
    # Which workloads are jobs of a source is found by their names at its backend.
    [for source in values(local.sources) : {
      name     = "observe-workloads"
      project  = try(source.googleProject, var.project_id)
      database = try(source.database, local.database)
      writes   = false
    } if try(source.backend.kind, "http") != "http"],
    [for models in try(local.artifacts.models, []) : {
      name     = "cleanup-artifacts"
      project  = try(models.googleProject, var.project_id)
      database = try(models.database, local.database)
      writes   = false
    }],
    [for database in try(local.metrics.database.firestore, []) : {
      name     = "collect-metrics"
      project  = try(local.metrics.database.googleProject, var.project_id)
      database = database
      writes   = false
    }],
  )
  database_grants = {
    for key, accesses in { for it in local.accesses : "${it.name}/${it.project}/${it.database}" => it... } : key => {
      name     = accesses[0].name
      project  = accesses[0].project
      database = accesses[0].database
      role     = anytrue(accesses[*].writes) ? "roles/datastore.user" : "roles/datastore.viewer"
    } if contains(keys(local.functions), accesses[0].name)
  }

  service_accounts = merge(
    { for task, function in module.function : task => function.service_account },
    { for name, service in module.service : name => service.service_account },
  )

  artifact_buckets = contains(keys(local.catalog), "cleanup-artifacts") ? toset(try(local.artifacts.buckets, [])) : toset([])
}

resource "google_project_iam_custom_role" "task" {
  for_each = local.grants

  project     = each.value.project
  role_id     = "nightshift_${replace(each.value.name, "-", "_")}"
  title       = "Nightshift ${each.value.name}"
  description = "What ${each.value.name} asks Google's APIs"
  permissions = each.value.permissions

  depends_on = [google_project_service.required]
}

resource "google_project_iam_member" "task" {
  for_each = local.grants

  project = each.value.project
  role    = google_project_iam_custom_role.task[each.key].name
  member  = local.service_accounts[each.value.name]
}

resource "google_project_iam_member" "database" {
  for_each = local.database_grants

  project = each.value.project
  role    = each.value.role
  member  = local.service_accounts[each.value.name]

  # https://firebase.google.com/docs/firestore/manage-databases
  condition {
    title      = "Database ${each.value.database} alone"
    expression = "resource.name == \"projects/${each.value.project}/databases/${each.value.database}\""
  }
}

# The service calls one function, by which the workload tables are refreshed for whoever looks at them; and no other one.
resource "google_cloud_run_v2_service_iam_member" "refresh" {
  count = local.refreshes ? 1 : 0

  project  = var.project_id
  location = module.function["observe-workloads"].function.location
  name     = module.function["observe-workloads"].function.name
  role     = "roles/run.invoker"
  member   = module.service["status"].service_account
}

# Deletion: granted to the cleaner alone, and on the buckets that the settings name alone.
resource "google_project_iam_custom_role" "cleaner" {
  count = length(local.artifact_buckets) > 0 ? 1 : 0

  project     = var.project_id
  role_id     = "nightshift_artifact_cleaner"
  title       = "Nightshift artifact cleaner"
  description = "Lists and deletes objects, and brings them back from soft delete"
  permissions = [
    "storage.buckets.get",
    # To restore an object is to create it: https://cloud.google.com/storage/docs/json_api/v1/objects/restore
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.list",
    "storage.objects.restore",
  ]

  depends_on = [google_project_service.required]
}

resource "google_storage_bucket_iam_member" "cleaner" {
  for_each = local.artifact_buckets

  bucket = each.value
  role   = google_project_iam_custom_role.cleaner[0].name
  member = module.function["cleanup-artifacts"].service_account
}
