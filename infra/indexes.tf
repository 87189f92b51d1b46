# Every composite index that a query of Nightshift needs. The emulator answers without them, production does not.

locals {
  prefix = try(local.settings.collectionPrefix, "")

  source_places = {
    for name, source in local.settings.sources : name => {
      project    = try(source.googleProject, var.project_id)
      database   = try(source.database, local.database)
      collection = reverse(split("/", source.collection))[0]
      scope      = try(source.group, false) ? "COLLECTION_GROUP" : "COLLECTION"
    }
  }

  # Sources whose jobs are told when what they report of their progress stays the same.
  stalling = [
    for name, source in local.settings.sources : name if try(source.reports, null) != null && anytrue([
      for limits in concat([try(source.sweep, {})], values(try(source.sweep.types, {}))) : try(limits.stalledAfterMinutes, null) != null
    ])
  ]

  # Of each source's own collection: what was in flight at a day's end, records created on a day without an end, and what
  # ended at no time; of what is active: silent and long-running jobs, and what waits for too long or under a name of its
  # backend; of what reports: what was found dead, was to report more, or does not get on.
  source_indexes = merge([
    for name, source in local.settings.sources : {
      for key, fields in {
        # Firestore orders by the fields of several ranges in the order of their names.
        in-flight   = sort([source.fields.startedAt.path, source.fields.endedAt.path])
        without-end = try([source.fields.endedAt.path, source.fields.createdAt.path], null)
        ended       = [source.fields.status, source.fields.endedAt.path]
        started     = [source.fields.status, source.fields.startedAt.path]
        silent      = try([source.fields.status, source.fields.heartbeatAt.path], null)
        waiting     = try([source.fields.status, source.fields.createdAt.path], null)
        submitted   = try(source.backend, null) == null ? null : try([source.fields.status, source.fields.backendId], null)
        gone        = try(source.reports, null) == null ? null : [source.fields.status, "${try(source.addedField, "nightshift")}.report.goneAt"]
        reporting   = try(source.reports, null) == null ? null : [source.fields.status, "${try(source.addedField, "nightshift")}.report.receivedAt"]
        stalled     = contains(local.stalling, name) ? [source.fields.status, "${try(source.addedField, "nightshift")}.report.progressAt"] : null
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
        gone      = try(source.reports, null) == null ? null : [source.executions.fields.status, "${try(source.addedField, "nightshift")}.report.goneAt"]
        } : "${name}-executions-${key}" => merge(local.source_places[name], {
          collection = source.executions.collection
          scope      = "COLLECTION_GROUP"
          fields     = fields
      }) if fields != null
    } if try(source.executions, null) != null
  ]...)

  # One field of a collection group is indexed only where somebody says so: those of grouped sources that are asked for
  # alone, of executions the status and the name at the backend, and the URIs of grouped models.
  grouped_fields = merge(concat([
    for name, source in local.settings.sources : {
      for field in distinct(compact([
        source.fields.status,
        try(source.fields.id, null),
        try(source.fields.artifactUri, null),
        try(source.fields.resumedFrom, null),
        try(source.backend, null) == null ? null : try(source.fields.backendId, null),
        source.fields.startedAt.path,
        source.fields.endedAt.path,
        try(source.fields.createdAt.path, null),
        try(source.fields.updatedAt.path, null),
      ])) : "${name}-${field}" => merge(local.source_places[name], { field = field })
    } if try(source.group, false)
    ], [
    for name, source in local.settings.sources : {
      for field in compact([
        source.executions.fields.status,
        try(source.backend, null) == null ? null : try(source.executions.fields.backendId, null),
        ]) : "${name}-executions-${field}" => merge(local.source_places[name], {
        collection = source.executions.collection
        scope      = "COLLECTION_GROUP"
        field      = field
      })
    } if try(source.executions, null) != null
    ], [
    for index, model in try(local.settings.artifacts.models, []) : {
      "models-${index}-${model.artifactUri}" = {
        project    = try(model.googleProject, var.project_id)
        database   = try(model.database, local.database)
        collection = model.collection
        scope      = "COLLECTION_GROUP"
        field      = model.artifactUri
      }
    } if try(model.group, false)
  ])...)

  # Sources may share a collection, or have executions of one name: what they both need is made once.
  needed_indexes = merge(local.source_indexes, local.execution_indexes)
  index_names    = { for name, index in local.needed_indexes : jsonencode(index) => name... }
  field_names    = { for name, field in local.grouped_fields : jsonencode(field) => name... }

  # Firestore wants a name of more than letters, digits and _ in backticks.
  quoted_paths = {
    for path in distinct(concat(
      flatten([for index in values(local.needed_indexes) : index.fields]),
      [for field in values(local.grouped_fields) : field.field],
    )) : path => join(".", [for name in split(".", path) : can(regex("^[A-Za-z_][A-Za-z0-9_]*$", name)) ? name : "`${name}`"])
  }
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
  for_each = { for index, names in local.index_names : names[0] => jsondecode(index) }

  project     = each.value.project
  database    = each.value.database
  collection  = each.value.collection
  query_scope = each.value.scope

  dynamic "fields" {
    for_each = each.value.fields
    content {
      field_path = local.quoted_paths[fields.value]
      order      = "ASCENDING"
    }
  }
}

resource "google_firestore_field" "grouped" {
  for_each = { for field, names in local.field_names : names[0] => jsondecode(field) }

  project    = each.value.project
  database   = each.value.database
  collection = each.value.collection
  field      = local.quoted_paths[each.value.field]

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
