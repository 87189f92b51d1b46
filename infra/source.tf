# From the archives that `npm run build` makes to the images that run: a bucket, a repository, and a service account that
# builds and can do nothing else.

locals {
  dist     = coalesce(var.dist, "${path.module}/../dist")
  archives = { for name in keys(local.functions) : name => "${local.dist}/${name}.zip" }
  # What the archives were built of.
  built_from = try(jsondecode(file("${local.dist}/built-from.json")), {})
}

resource "google_storage_bucket" "source" {
  project                     = var.project_id
  name                        = "${var.project_id}-nightshift-source"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  depends_on = [google_project_service.required]
}

# Named by its content, so that exactly the functions that changed are deployed again.
resource "google_storage_bucket_object" "source" {
  for_each = local.archives

  bucket       = google_storage_bucket.source.name
  name         = "${each.key}-${substr(try(filesha256(each.value), ""), 0, 16)}.zip"
  source       = each.value
  content_type = "application/zip"

  lifecycle {
    create_before_destroy = true

    precondition {
      condition     = fileexists(each.value)
      error_message = "Cannot deploy ${each.key}: there is no ${each.value}. Run: npm run build"
    }
    # Else Cloud Scheduler would go by one catalogue and the function by another.
    precondition {
      condition = alltrue([
        for file in ["catalog.json", "settings.json"] :
        try(local.built_from[file], "") == filesha256("${path.module}/../functions/${file}")
      ])
      error_message = "Cannot deploy ${each.key}: functions/catalog.json or settings.json changed since ${each.value} was built. Run: npm run build"
    }
  }
}

resource "google_artifact_registry_repository" "images" {
  project       = var.project_id
  location      = var.region
  repository_id = "nightshift"
  description   = "Images of Nightshift's functions, built by Cloud Build"
  format        = "DOCKER"

  # Cloud Run keeps a copy of what it runs; older images are of no use, for every deployment builds its own.
  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "604800s"
    }
  }
  cleanup_policies {
    id     = "keep-newest"
    action = "KEEP"
    most_recent_versions {
      keep_count = 2
    }
  }

  depends_on = [google_project_service.required]
}

resource "google_service_account" "build" {
  project      = var.project_id
  account_id   = "nightshift-build"
  display_name = "Nightshift, build"
  description  = "What Cloud Build builds the functions as"

  depends_on = [google_project_service.required]
}

# https://cloud.google.com/run/docs/configuring/services/build-service-account
resource "google_project_iam_member" "build" {
  for_each = {
    logs = { role = "roles/logging.logWriter", condition = [] }
    # Cloud Functions copies each archive into a bucket of its own, and Cloud Build reads it there.
    copies = { role = "roles/storage.objectViewer", condition = ["gcf-v2-sources-"] }
  }

  project = var.project_id
  role    = each.value.role
  member  = google_service_account.build.member

  dynamic "condition" {
    for_each = each.value.condition
    content {
      title      = "Sources of functions alone"
      expression = "resource.name.startsWith(\"projects/_/buckets/${condition.value}\")"
    }
  }
}

resource "google_storage_bucket_iam_member" "build" {
  bucket = google_storage_bucket.source.name
  role   = "roles/storage.objectViewer"
  member = google_service_account.build.member
}

resource "google_artifact_registry_repository_iam_member" "build" {
  project    = google_artifact_registry_repository.images.project
  location   = google_artifact_registry_repository.images.location
  repository = google_artifact_registry_repository.images.name
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.build.member
}
