# The database of the records, who may read it, and what tells that something is wrong.

mock_provider "google" {}

variables {
  project_id        = "acme-platform"
  dashboard_viewers = ["serviceAccount:dashboard@acme-platform.iam.gserviceaccount.com"]
}

run "makes_a_database" {
  command = plan

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

  variables {
    dashboard_viewers = ["allUsers"]
  }

  expect_failures = [var.dashboard_viewers]
}

run "refuses_a_location_of_an_adopted_database" {
  command = plan

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
    condition     = alltrue([for task in keys(local.catalog) : strcontains(google_logging_metric.failed_attempts.filter, "\"${task}\"") && strcontains(google_logging_metric.alarms.filter, "\"${task}\"")])
    error_message = "Alarms and failed attempts of every task count."
  }

  assert {
    condition     = strcontains(google_logging_metric.failed_attempts.filter, "NOT httpRequest.status=409")
    error_message = "A deliberate 409 is no failed attempt."
  }

  assert {
    condition     = length(google_monitoring_alert_policy.sweep_absent) == (local.sweeps ? 1 : 0)
    error_message = "The sweep is missed when there is one."
  }
}
