# The database of the records, who may read it, and what tells that something is wrong.

mock_provider "google" {}

variables {
  project_id        = "acme-platform"
  dashboard_viewers = ["serviceAccount:dashboard@acme-platform.iam.gserviceaccount.com"]
}

run "makes_a_database" {
  command = plan

  plan_options {
    target = [
      google_firestore_database.records,
      google_firebaserules_release.deny,
      google_project_iam_member.dashboard_viewer,
    ]
  }

  assert {
    condition = (
      google_firestore_database.records[0].name == "(default)" &&
      google_firestore_database.records[0].location_id == "us-central1" &&
      google_firestore_database.records[0].delete_protection_state == "DELETE_PROTECTION_ENABLED"
    )
    error_message = "The database is made in the region, and nobody deletes it by the way."
  }

  assert {
    condition = (
      google_firebaserules_release.deny[0].name == "cloud.firestore" &&
      strcontains(google_firebaserules_ruleset.deny[0].source[0].files[0].content, "allow read, write: if false;")
    )
    error_message = "No browser reads or writes a database that is made here."
  }

  assert {
    condition = alltrue([for member in google_project_iam_member.dashboard_viewer : (
      member.role == "roles/datastore.viewer" &&
      member.condition[0].expression == "resource.name == \"projects/acme-platform/databases/(default)\""
    )])
    error_message = "A dashboard reads this database and writes nothing."
  }
}

run "makes_a_named_database" {
  command = plan

  plan_options {
    target = [
      google_firestore_database.records,
      google_firebaserules_release.deny,
      google_firestore_index.runs_by_task,
      module.function,
    ]
  }

  variables {
    database          = "nightshift"
    database_location = "eur3"
  }

  assert {
    condition     = google_firestore_database.records[0].name == "nightshift" && google_firestore_database.records[0].location_id == "eur3"
    error_message = "The database is made by its name, where it is to be."
  }

  assert {
    condition     = google_firebaserules_release.deny[0].name == "cloud.firestore/nightshift"
    error_message = "Rules are released to the database by its name."
  }

  assert {
    condition = alltrue(concat(
      [for function in module.function : function.function.service_config[0].environment_variables["FIRESTORE_DATABASE"] == "nightshift"],
      [google_firestore_index.runs_by_task.database == "nightshift"],
    ))
    error_message = "Functions and indexes use the named database."
  }
}

run "adopts_a_database" {
  command = plan

  plan_options {
    target = [
      google_firestore_database.records,
      google_firebaserules_release.deny,
      google_firestore_index.runs_by_task,
    ]
  }

  variables {
    create_database = false
  }

  assert {
    condition     = length(google_firestore_database.records) == 0
    error_message = "A database that is there is left as it is."
  }

  assert {
    condition     = length(google_firebaserules_ruleset.deny) + length(google_firebaserules_release.deny) == 0
    error_message = "The rules of an app that uses the database stay."
  }

  assert {
    condition     = google_firestore_index.runs_by_task.database == "(default)"
    error_message = "Indexes are made in it."
  }
}

run "denies_browsers_of_an_adopted_database_when_told" {
  command = plan

  plan_options {
    target = [google_firebaserules_release.deny]
  }

  variables {
    create_database      = false
    deny_browser_clients = true
  }

  assert {
    condition     = length(google_firebaserules_release.deny) == 1
    error_message = "The rules are ours when they are to be."
  }
}

run "refuses_a_public_dashboard" {
  command = plan

  plan_options {
    target = [google_project_iam_member.dashboard_viewer]
  }

  variables {
    dashboard_viewers = ["allUsers"]
  }

  expect_failures = [var.dashboard_viewers]
}

run "refuses_a_location_of_an_adopted_database" {
  command = plan

  plan_options {
    target = [google_firestore_database.records]
  }

  variables {
    create_database   = false
    database_location = "eur3"
  }

  expect_failures = [var.database_location]
}

run "tells_whom_it_concerns" {
  variables {
    alert_email           = "oncall@acme.example"
    notification_channels = ["projects/acme-platform/notificationChannels/1"]
  }

  assert {
    condition = alltrue([for policy in concat([google_monitoring_alert_policy.alarm, google_monitoring_alert_policy.failed_attempt], google_monitoring_alert_policy.sweep_absent) :
      toset(policy.notification_channels) == toset(["projects/acme-platform/notificationChannels/1", google_monitoring_notification_channel.email[0].id])
    ])
    error_message = "Every alert goes to the address and to the channels."
  }

  assert {
    condition = alltrue([for policy in [google_monitoring_alert_policy.alarm, google_monitoring_alert_policy.failed_attempt] :
      alltrue([for task in keys(local.catalog) : strcontains(policy.conditions[0].condition_matched_log[0].filter, "\"${task}\"")])
    ])
    error_message = "Alarms and failed attempts of every task are told."
  }

  assert {
    condition     = strcontains(google_monitoring_alert_policy.failed_attempt.conditions[0].condition_matched_log[0].filter, "NOT httpRequest.status=409")
    error_message = "A deliberate 409 is no failed attempt."
  }

  assert {
    condition     = length(google_monitoring_alert_policy.sweep_absent) == (local.sweeps ? 1 : 0)
    error_message = "The sweep is missed when there is one."
  }
}

run "needs_no_metric_that_is_there_already" {
  command = plan

  plan_options {
    target = [
      google_monitoring_alert_policy.alarm,
      google_monitoring_alert_policy.failed_attempt,
      google_monitoring_alert_policy.sweep_absent,
    ]
  }

  assert {
    condition = alltrue([for policy in concat([google_monitoring_alert_policy.alarm, google_monitoring_alert_policy.failed_attempt], google_monitoring_alert_policy.sweep_absent) :
      alltrue([for condition in policy.conditions :
        length(condition.condition_matched_log) == 1 || try(condition.condition_prometheus_query_language[0].disable_metric_validation, false)
      ])
    ])
    error_message = "A first apply is not refused for a metric that Monitoring does not know yet."
  }

  # https://docs.cloud.google.com/logging/docs/alerting/log-based-alerts
  assert {
    condition = alltrue([for policy in [google_monitoring_alert_policy.alarm, google_monitoring_alert_policy.failed_attempt] :
      length(policy.conditions) == 1 && policy.alert_strategy[0].notification_rate_limit[0].period == "300s"
    ])
    error_message = "A policy about log lines has one condition and a limit of its notifications."
  }
}

run "misses_the_sweep_by_its_schedule" {
  command = plan

  plan_options {
    target = [google_monitoring_alert_policy.sweep_absent]
  }

  assert {
    condition = alltrue([for policy in google_monitoring_alert_policy.sweep_absent : (
      strcontains(policy.conditions[0].condition_prometheus_query_language[0].query, "logging_googleapis_com:user_nightshift_sweeps{") &&
      strcontains(policy.conditions[0].condition_prometheus_query_language[0].query, "[${local.built_from.longestGapSeconds["sweep-stale-jobs"]}s]")
    )])
    error_message = "The query looks back from one slot to the next."
  }

  assert {
    condition = alltrue([for policy in google_monitoring_alert_policy.sweep_absent : (
      tonumber(trimsuffix(policy.conditions[0].condition_prometheus_query_language[0].duration, "s")) + local.sweep_gap_seconds == local.sweep_absent_seconds
    )])
    error_message = "It holds for the rest of the time after which the sweep is absent."
  }
}
