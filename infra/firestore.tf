# Nightshift's records. Nothing here expires by TTL: prune-records alone keeps the retention, and tells what it removed.
# The indexes are in indexes.tf.

locals {
  # Whatever names the database by this waits until it is there.
  database             = var.create_database ? google_firestore_database.records[0].name : var.database
  deny_browser_clients = coalesce(var.deny_browser_clients, var.create_database)
}

resource "google_firestore_database" "records" {
  count = var.create_database ? 1 : 0

  project                 = var.project_id
  name                    = var.database
  location_id             = coalesce(var.database_location, var.region)
  type                    = "FIRESTORE_NATIVE"
  delete_protection_state = "DELETE_PROTECTION_ENABLED"
  # `terraform destroy` leaves the records where they are.
  deletion_policy = "ABANDON"

  depends_on = [google_project_service.required]
}

resource "google_firebaserules_ruleset" "deny" {
  count = local.deny_browser_clients ? 1 : 0

  project = var.project_id

  source {
    files {
      name    = "firestore.rules"
      content = file("${path.module}/firestore.rules")
    }
  }

  depends_on = [google_project_service.required]
}

resource "google_firebaserules_release" "deny" {
  count = local.deny_browser_clients ? 1 : 0

  project      = var.project_id
  name         = local.database == "(default)" ? "cloud.firestore" : "cloud.firestore/${local.database}"
  ruleset_name = google_firebaserules_ruleset.deny[0].name
}

resource "google_project_iam_member" "dashboard_viewer" {
  for_each = toset(var.dashboard_viewers)

  project = var.project_id
  role    = "roles/datastore.viewer"
  member  = each.value

  condition {
    title      = "Nightshift's database alone"
    expression = "resource.name == \"projects/${var.project_id}/databases/${local.database}\""
  }
}
