# Nightshift in a project that has its job records, its database and its buckets already. Nothing of them is made, changed or
# destroyed here; indexes are added. What of them is looked after stands in functions/settings.json, every source in
# `mode: observe` at first. infra/README.md, "Adopt an existing project", goes through it step by step.

terraform {
  required_version = ">= 1.9"

  # The state, where everybody who deploys finds it.
  # backend "gcs" {
  #   bucket = "acme-terraform-state"
  #   prefix = "nightshift"
  # }
}

module "nightshift" {
  source = "../.."

  project_id = "acme-platform"
  region     = "europe-west4"

  # The records go into the database that the app uses, beside its own collections: `collectionPrefix` in the settings keeps
  # their names apart. The app's security rules stay; they must not open Nightshift's collections to browsers.
  database        = "(default)"
  create_database = false

  alert_email       = "oncall@acme.example"
  dashboard_viewers = ["serviceAccount:dashboard@acme-platform.iam.gserviceaccount.com"]
}

# An index that the app made already is refused ("already exists"): import it, by the name that
# `gcloud firestore indexes composite list --project=acme-platform` tells.
# import {
#   to = module.nightshift.google_firestore_index.source["jobs-in-flight"]
#   id = "projects/acme-platform/databases/(default)/collectionGroups/jobs/indexes/CICAgJiUpoMK"
# }

output "functions" {
  description = "Of each task: the address of its function, what it runs as, what calls it, and when."
  value       = module.nightshift.functions
}

output "services" {
  description = "Of each service: its address, what it runs as, and who may call it."
  value       = module.nightshift.services
}

output "next" {
  description = "Commands to run next."
  value       = module.nightshift.next
}
