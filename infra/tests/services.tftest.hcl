# What a service of the catalogue becomes: a private function that no job calls, whose callers are named, and which can write
# nowhere, but for reports.

mock_provider "google" {}

variables {
  project_id        = "acme-platform"
  dashboard_viewers = ["group:oncall@acme.example", "serviceAccount:dashboard@acme-platform.iam.gserviceaccount.com"]
  reporters         = ["serviceAccount:trainer@acme-platform.iam.gserviceaccount.com"]
}

run "deploys_every_service" {
  assert {
    condition     = keys(module.service) == keys(local.services) && length(setintersection(keys(local.services), keys(module.function))) == 0
    error_message = "Each service of the catalogue is one function, and none has a job."
  }

  assert {
    condition = alltrue([for name, service in module.service : (
      service.function.name == name &&
      service.function.service_config[0].max_instance_request_concurrency == local.services[name].concurrency &&
      service.function.service_config[0].max_instance_count == local.services[name].maxInstances &&
      service.function.service_config[0].timeout_seconds == local.services[name].timeoutSeconds &&
      service.function.build_config[0].entry_point == local.services[name].entryPoint &&
      service.function.build_config[0].source[0].storage_source[0].object == google_storage_bucket_object.source[name].name
    )])
    error_message = "A service is made of its archive, with the limits of the catalogue."
  }

  assert {
    condition = alltrue([for name, service in module.service : service.function.service_config[0].environment_variables == tomap(merge({
      GOOGLE_CLOUD_PROJECT = "acme-platform"
      FIRESTORE_DATABASE   = "(default)"
      NIGHTSHIFT_REGION    = "us-central1"
      NODE_ENV             = "production"
    }, name == "status" ? { NIGHTSHIFT_OBSERVER_URL = module.function["observe-workloads"].url } : {}, name == "report" ? { NODE_OPTIONS = "--max-semi-space-size=16" } : {}))])
    error_message = "A service knows its project, database and region, and that it is no experiment; status also who refreshes the workload tables, and report has room for what it is sent."
  }

  assert {
    condition = alltrue([for grant in google_cloud_run_v2_service_iam_member.refresh : (
      grant.name == "observe-workloads" && grant.role == "roles/run.invoker" && grant.member == module.service["status"].service_account
    )]) && length(google_cloud_run_v2_service_iam_member.refresh) == 1
    error_message = "The service calls the one function that refreshes the workload tables."
  }

  assert {
    condition     = length(distinct(values(local.service_accounts))) == length(local.functions)
    error_message = "Each service runs as a service account of its own."
  }

  assert {
    condition = alltrue([for name, service in module.service :
      toset(service.viewers) == toset(name == "report" ? var.reporters : var.dashboard_viewers)
    ])
    error_message = "Whoever may see the records may call a service, and nobody else; reporters alone may report."
  }

  assert {
    condition = alltrue([for key, grant in google_project_iam_member.database :
      grant.role == (split("/", key)[0] == "report" ? "roles/datastore.user" : "roles/datastore.viewer")
      if contains(keys(local.services), split("/", key)[0])
    ])
    error_message = "A service reads databases; only reports are written."
  }

  assert {
    condition = alltrue(flatten([for key, role in google_project_iam_custom_role.task : [for permission in role.permissions :
      can(regex("\\.(get|list)$", permission))
    ] if contains(keys(local.services), split("/", key)[0])]))
    error_message = "A service asks Google's APIs and changes nothing there."
  }

  assert {
    condition = alltrue([for grant in values(google_storage_bucket_iam_member.cleaner) :
      !contains([for name in keys(local.services) : local.service_accounts[name]], grant.member)
    ])
    error_message = "A service touches no artifact."
  }
}

run "refuses_a_public_service" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    region         = "us-central1"
    service        = "status"
    source_archive = { bucket = "source", object = "status.zip" }
    build          = { service_account = "build", repository = "images" }
    environment    = {}
    viewers        = ["allUsers"]
    entry = {
      entryPoint     = "status"
      description    = "answers"
      timeoutSeconds = 60
      concurrency    = 40
      maxInstances   = 3
      memory         = "512Mi"
    }
  }

  expect_failures = [var.viewers]
}

run "refuses_limits_that_are_none" {
  command = plan

  module {
    source = "./modules/service"
  }

  variables {
    region         = "us-central1"
    service        = "status"
    source_archive = { bucket = "source", object = "status.zip" }
    build          = { service_account = "build", repository = "images" }
    environment    = {}
    viewers        = []
    entry = {
      entryPoint     = "status"
      description    = "answers"
      timeoutSeconds = 5
      concurrency    = 0
      maxInstances   = 0
      memory         = "512Mi"
    }
  }

  expect_failures = [var.entry]
}
