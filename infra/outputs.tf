output "functions" {
  description = "Of each task: the address of its function, what it runs as, what calls it, and when."
  value = {
    for task, function in module.function : task => {
      url             = function.url
      service_account = function.service_account
      invoker         = function.invoker
      schedule        = function.job.schedule
      paused          = function.job.paused
    }
  }
}

output "services" {
  description = "Of each service: its address, what it runs as, and who may call it."
  value = {
    for name, service in module.service : name => {
      url             = service.url
      service_account = service.service_account
      viewers         = service.viewers
    }
  }
}

output "database" {
  description = "Firestore database of the records."
  value       = "projects/${var.project_id}/databases/${local.database}"
}

output "next" {
  description = "Commands to run next."
  value = concat([
    for name in keys(local.services) : "gcloud run services proxy ${name} --region=${var.region} --project=${var.project_id}"
    ], [
    "gcloud scheduler jobs run ${keys(local.catalog)[0]} --location=${var.region} --project=${var.project_id}",
    "GOOGLE_CLOUD_PROJECT=${var.project_id} FIRESTORE_DATABASE='${local.database}' npm run -s ops -- tasks",
    "GOOGLE_CLOUD_PROJECT=${var.project_id} FIRESTORE_DATABASE='${local.database}' npm run -s ops -- sources check",
    "GOOGLE_CLOUD_PROJECT=${var.project_id} FIRESTORE_DATABASE='${local.database}' NIGHTSHIFT_REGION=${var.region} npm run -s ops -- doctor",
  ])
}
