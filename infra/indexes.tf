# Every composite index that a query of Nightshift needs. The emulator answers without them, production does not.

locals {
  settings = jsondecode(file("${path.module}/../functions/settings.json"))
  prefix   = local.settings.collectionPrefix

  # Of each source's own collection: what was in flight at a day's end, and records created on a day without an end.
  source_indexes = merge([
    for name, source in local.settings.sources : {
      for key, fields in {
        # Firestore orders by the fields of several ranges in the order of their names.
        in-flight   = sort([source.fields.startedAt.path, source.fields.endedAt.path])
        without-end = try([source.fields.endedAt.path, source.fields.createdAt.path], null)
        } : "${name}-${key}" => {
        project    = try(source.googleProject, var.project_id)
        database   = try(source.database, var.database)
        collection = reverse(split("/", source.collection))[0]
        scope      = try(source.group, false) ? "COLLECTION_GROUP" : "COLLECTION"
        fields     = fields
      } if fields != null
    }
  ]...)
}

resource "google_firestore_index" "runs_by_task" {
  database   = var.database
  collection = "${local.prefix}taskRuns"

  fields {
    field_path = "task"
    order      = "ASCENDING"
  }
  fields {
    field_path = "startedAt"
    order      = "DESCENDING"
  }
}

resource "google_firestore_index" "runs_by_task_and_outcome" {
  database   = var.database
  collection = "${local.prefix}taskRuns"

  fields {
    field_path = "task"
    order      = "ASCENDING"
  }
  fields {
    field_path = "outcome"
    order      = "ASCENDING"
  }
  fields {
    field_path = "startedAt"
    order      = "DESCENDING"
  }
}

resource "google_firestore_index" "source" {
  for_each = local.source_indexes

  project     = each.value.project
  database    = each.value.database
  collection  = each.value.collection
  query_scope = each.value.scope

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path = fields.value
      order      = "ASCENDING"
    }
  }
}

# A job that moved to another day is found by its name among those that each day counted.
resource "google_firestore_field" "day_members" {
  database   = var.database
  collection = "dayMembers"
  field      = "names"

  index_config {
    indexes {
      array_config = "CONTAINS"
      query_scope  = "COLLECTION_GROUP"
    }
  }
}
