# What the service accounts may do, by the settings. test/integration/infra runs this a second time with settings that name
# everything there is.

mock_provider "google" {}

variables {
  project_id = "acme-platform"
}

run "grants_what_the_settings_need" {
  assert {
    condition = alltrue([for grant in google_project_iam_member.database : (
      strcontains(grant.condition[0].expression, "/databases/") && contains(["roles/datastore.user", "roles/datastore.viewer"], grant.role)
    )])
    error_message = "Whoever reads or writes records does so in one database."
  }

  assert {
    condition     = alltrue([for task in keys(local.catalog) : google_project_iam_member.database["${task}/acme-platform/(default)"].role == "roles/datastore.user"])
    error_message = "Every task keeps its books."
  }

  assert {
    condition     = alltrue([for role in google_project_iam_custom_role.task : length([for permission in role.permissions : permission if startswith(permission, "storage.objects.")]) == 0])
    error_message = "No role of a whole project touches objects."
  }

  assert {
    condition = (
      toset(keys(google_storage_bucket_iam_member.cleaner)) == toset(try(local.settings.artifacts.buckets, [])) &&
      alltrue([for bucket, grant in google_storage_bucket_iam_member.cleaner : grant.bucket == bucket && grant.member == module.function["cleanup-artifacts"].service_account])
    )
    error_message = "The cleaner alone may delete, and only in the buckets that the settings name."
  }

  assert {
    condition     = alltrue([for key, grant in google_project_iam_member.task : grant.member == local.service_accounts[split("/", key)[0]]])
    error_message = "A role is granted to the service account of its own function."
  }
}
