# Every composite index that a query of Nightshift needs. The emulator answers without them, production does not.

locals {
  prefix = local.settings.collectionPrefix

  source_places = {
    for name, source in local.settings.sources : name => {
      project    = try(source.googleProject, var.project_id)
      database   = try(source.database, local.database)
      collection = reverse(split("/", source.collection))[0]
      scope      = try(source.group, false) ? "COLLECTION_GROUP" : "COLLECTION"
    }
  }

  # Of each source's own collection: what was in flight at a day's end, and records created on a day without an end; of
  # what is active: silent and long-running jobs, and what waits for too long or under a name of its backend.
  source_indexes = merge([
    for name, source in local.settings.sources : {
      for key, fields in {
        # Firestore orders by the fields of several ranges in the order of their names.
        in-flight   = sort([source.fields.startedAt.path, source.fields.endedAt.path])
        without-end = try([source.fields.endedAt.path, source.fields.createdAt.path], null)
        started     = [source.fields.status, source.fields.startedAt.path]
        silent      = try([source.fields.status, source.fields.heartbeatAt.path], null)
        waiting     = try([source.fields.status, source.fields.createdAt.path], null)
        submitted   = try(source.backend, null) == null ? null : try([source.fields.status, source.fields.backendId], null)
      } : "${name}-${key}" => merge(local.source_places[name], { fields = fields }) if fields != null
    }
  ]...)

  # The same of what is active among the executions below jobs, which are one collection group.
  execution_indexes = merge([
    for name, source in local.settings.sources : {
      for key, fields in {
        started   = [source.executions.fields.status, source.executions.fields.startedAt.path]
        silent    = try([source.executions.fields.status, source.executions.fields.heartbeatAt.path], null)
        waiting   = try([source.executions.fields.status, source.executions.fields.createdAt.path], null)
        submitted = try(source.backend, null) == null ? null : try([source.executions.fields.status, source.executions.fields.backendId], null)
        } : "${name}-executions-${key}" => merge(local.source_places[name], {
          collection = source.executions.collection
          scope      = "COLLECTION_GROUP"
          fields     = fields
      }) if fields != null
    } if try(source.executions, null) != null
  ]...)

  # One field of a collection group is indexed only where somebody says so: those of grouped sources that are asked for
  # alone, and the status of executions.
  grouped_fields = merge(concat([
    for name, source in local.settings.sources : {
      for field in distinct(compact([
        source.fields.status,
        try(source.fields.id, null),
        source.fields.startedAt.path,
        source.fields.endedAt.path,
        try(source.fields.createdAt.path, null),
        try(source.fields.updatedAt.path, null),
      ])) : "${name}-${field}" => merge(local.source_places[name], { field = field })
    } if try(source.group, false)
    ], [
    for name, source in local.settings.sources : {
      "${name}-executions-status" = merge(local.source_places[name], {
        collection = source.executions.collection
        field      = source.executions.fields.status
      })
    } if try(source.executions, null) != null
  ])...)
}

resource "google_firestore_index" "runs_by_task" {
  database   = local.database
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
  database   = local.database
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
  for_each = merge(local.source_indexes, local.execution_indexes)

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

resource "google_firestore_field" "grouped" {
  for_each = local.grouped_fields

  project    = each.value.project
  database   = each.value.database
  collection = each.value.collection
  field      = each.value.field

  # The first three are what every field has unless told.
  index_config {
    indexes {
      order       = "ASCENDING"
      query_scope = "COLLECTION"
    }
    indexes {
      order       = "DESCENDING"
      query_scope = "COLLECTION"
    }
    indexes {
      array_config = "CONTAINS"
      query_scope  = "COLLECTION"
    }
    indexes {
      order       = "ASCENDING"
      query_scope = "COLLECTION_GROUP"
    }
  }
}

# A job that moved to another day is found by its name among those that each day counted.
resource "google_firestore_field" "day_members" {
  database   = local.database
  collection = "dayMembers"
  field      = "names"

  index_config {
    indexes {
      array_config = "CONTAINS"
      query_scope  = "COLLECTION_GROUP"
    }
  }
}
