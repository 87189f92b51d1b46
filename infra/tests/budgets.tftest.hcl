# What an entry of the catalogue must not say, whoever wrote it: each is refused before anything is deployed.

mock_provider "google" {}

variables {
  project_id     = "acme-platform"
  region         = "us-central1"
  task           = "collect-metrics"
  source_archive = { bucket = "source", object = "collect-metrics.zip" }
  build          = { service_account = "build", repository = "images" }
  environment    = {}
  entry = {
    entryPoint             = "collectMetrics"
    description            = "a duty"
    enabled                = false
    schedule               = "0,30 2-4 1 JAN,jul MON-FRI"
    timeoutSeconds         = 600
    attemptDeadlineSeconds = 600
    leaseSeconds           = 89
    memory                 = "512Mi"
    retry                  = { count = 2, minBackoffSeconds = 40, maxBackoffSeconds = 600, maxDoublings = 3 }
  }
}

run "takes_what_just_holds" {
  command = plan

  module {
    source = "./modules/scheduled-function"
  }

  assert {
    condition     = google_cloud_scheduler_job.task.paused
    error_message = "The job of a task that is not enabled is paused."
  }

  assert {
    condition     = local.backoffs == [40, 80]
    error_message = "Back-offs double."
  }
}

run "counts_backoffs_as_google_does" {
  command = plan

  module {
    source = "./modules/scheduled-function"
  }

  variables {
    entry = merge(var.entry, { retry = { count = 5, minBackoffSeconds = 10, maxBackoffSeconds = 30, maxDoublings = 1 } })
  }

  assert {
    condition     = local.backoffs == [10, 20, 30, 30, 30]
    error_message = "Back-offs double, grow linearly and stay."
  }
}

run "takes_retries_that_come_after_a_dead_run" {
  command = plan

  module {
    source = "./modules/scheduled-function"
  }

  variables {
    entry = merge(var.entry, { leaseSeconds = 90, retry = merge(var.entry.retry, { count = 0 }) })
  }

  assert {
    condition     = google_cloud_scheduler_job.task.retry_config[0].retry_count == 0
    error_message = "No retries, no rule."
  }
}

run "refuses_retries_that_a_dead_run_outlasts" {
  command = plan

  module {
    source = "./modules/scheduled-function"
  }

  variables {
    entry = merge(var.entry, { leaseSeconds = 90 })
  }

  expect_failures = [google_cloud_scheduler_job.task]
}

run "refuses_a_timeout_above_the_attempt_deadline" {
  command = plan

  module {
    source = "./modules/scheduled-function"
  }

  variables {
    entry = merge(var.entry, { timeoutSeconds = 601 })
  }

  expect_failures = [var.entry]
}

run "refuses_an_attempt_deadline_above_half_an_hour" {
  command = plan

  module {
    source = "./modules/scheduled-function"
  }

  variables {
    entry = merge(var.entry, { attemptDeadlineSeconds = 1801 })
  }

  expect_failures = [var.entry]
}

run "refuses_a_lease_as_long_as_the_work" {
  command = plan

  module {
    source = "./modules/scheduled-function"
  }

  variables {
    entry = merge(var.entry, { timeoutSeconds = 119 })
  }

  expect_failures = [var.entry]
}

run "refuses_the_last_day_of_a_month" {
  command = plan

  module {
    source = "./modules/scheduled-function"
  }

  variables {
    entry = merge(var.entry, { schedule = "0 2 L * *" })
  }

  expect_failures = [var.entry]
}

run "refuses_seconds" {
  command = plan

  module {
    source = "./modules/scheduled-function"
  }

  variables {
    entry = merge(var.entry, { schedule = "0 0 2 * * *" })
  }

  expect_failures = [var.entry]
}

run "refuses_minute_60" {
  command = plan

  module {
    source = "./modules/scheduled-function"
  }

  variables {
    entry = merge(var.entry, { schedule = "60 2 * * *" })
  }

  expect_failures = [var.entry]
}

run "refuses_a_task_too_long_for_a_service_account" {
  command = plan

  module {
    source = "./modules/scheduled-function"
  }

  variables {
    task = "collect-metrics-daily"
  }

  expect_failures = [var.task]
}
