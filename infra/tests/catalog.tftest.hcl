# What the catalogue becomes: for each task one private function and one job. The plan is applied to a mock, so that what
# Google would fill in has values too.

mock_provider "google" {}

variables {
  project_id = "acme-platform"
}

run "deploys_every_task" {
  assert {
    condition     = keys(module.function) == keys(local.catalog)
    error_message = "Each task of the catalogue is one function with one job."
  }

  assert {
    condition     = alltrue([for task, function in module.function : function.function.name == task && function.job.name == task])
    error_message = "Function and job are named as their task."
  }

  assert {
    condition     = alltrue([for task, function in module.function : function.job.schedule == local.catalog[task].schedule && function.job.time_zone == "Etc/UTC"])
    error_message = "A job fires by the catalogue's cron, in UTC."
  }

  assert {
    condition     = alltrue([for task, function in module.function : function.job.paused == !local.catalog[task].enabled])
    error_message = "A job is paused exactly when its task is not enabled."
  }

  assert {
    condition = alltrue([for function in module.function : (
      function.job.http_target[0].uri == function.url &&
      function.job.http_target[0].oidc_token[0].audience == function.function.service_config[0].uri
    )])
    error_message = "A job calls its function's service, and its token is for that service."
  }

  assert {
    condition = alltrue([for function in module.function : (
      function.job.http_target[0].http_method == "POST" &&
      base64decode(function.job.http_target[0].body) == "{}" &&
      function.job.http_target[0].headers == tomap({ "Content-Type" = "application/json" })
    )])
    error_message = "A job posts an empty JSON object, and says that it is JSON."
  }

  assert {
    condition     = length(distinct(flatten([for function in module.function : [function.service_account, function.invoker]]))) == 2 * length(local.catalog)
    error_message = "Each function runs as a service account of its own, and is called as another one."
  }

  assert {
    condition = alltrue([for function in module.function : (
      "serviceAccount:${function.job.http_target[0].oidc_token[0].service_account_email}" == function.invoker &&
      "serviceAccount:${function.function.service_config[0].service_account_email}" == function.service_account
    )])
    error_message = "A job calls as the invoker, and a function runs as what its rights are granted to."
  }

  assert {
    condition = alltrue([for task, function in module.function : (
      function.function.service_config[0].timeout_seconds == local.catalog[task].timeoutSeconds &&
      function.job.attempt_deadline == "${local.catalog[task].attemptDeadlineSeconds}s" &&
      function.function.service_config[0].timeout_seconds <= tonumber(trimsuffix(function.job.attempt_deadline, "s"))
    )])
    error_message = "A function ends before Cloud Scheduler gives up on it."
  }

  assert {
    condition     = alltrue([for task, function in module.function : function.job.retry_config[0].retry_count == local.catalog[task].retry.count])
    error_message = "A job is retried as the catalogue says."
  }

  assert {
    condition     = module.function["cleanup-artifacts"].job.retry_config[0].retry_count == 0
    error_message = "A clean-up that failed waits for its next slot."
  }

  assert {
    condition     = alltrue([for function in module.function : function.function.service_config[0].max_instance_request_concurrency == 1])
    error_message = "A process that ends takes no second request with it."
  }

  assert {
    condition = alltrue([for task, function in module.function : (
      google_storage_bucket_object.source[task].name == "${task}-${substr(filesha256("${local.dist}/${task}.zip"), 0, 16)}.zip" &&
      function.function.build_config[0].source[0].storage_source[0].object == google_storage_bucket_object.source[task].name &&
      function.function.build_config[0].entry_point == local.catalog[task].entryPoint
    )])
    error_message = "A function is made of the archive of its task, which is named by its content."
  }

  assert {
    condition = alltrue([for task, function in module.function : function.function.service_config[0].environment_variables == tomap(merge(
      {
        GOOGLE_CLOUD_PROJECT = "acme-platform"
        FIRESTORE_DATABASE   = "(default)"
        NIGHTSHIFT_REGION    = "us-central1"
      },
      task == "observe-workloads" ? { UV_THREADPOOL_SIZE = "32" } : {},
    ))])
    error_message = "A function knows its project, database and region; what asks hosts of many regions has threads to look them up."
  }
}

run "refuses_a_region_that_is_none" {
  command = plan

  variables {
    region = "Frankfurt"
  }

  expect_failures = [var.region]
}

run "refuses_archives_that_are_not_there" {
  command = plan

  variables {
    dist = "./nowhere"
  }

  expect_failures = [google_storage_bucket_object.source]
}
