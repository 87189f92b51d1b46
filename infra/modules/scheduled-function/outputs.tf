output "url" {
  description = "Address of the function; its callers need run.invoker."
  value       = google_cloudfunctions2_function.task.service_config[0].uri
}

output "service_account" {
  description = "What the function runs as, as a member of IAM policies."
  value       = local.runtime
}

output "invoker" {
  description = "What Cloud Scheduler calls the function as, as a member of IAM policies."
  value       = google_cloud_run_v2_service_iam_member.invoker.member
}

output "function" {
  description = "The function, as it is deployed."
  value       = google_cloudfunctions2_function.task
}

output "job" {
  description = "The Cloud Scheduler job."
  value       = google_cloud_scheduler_job.task
}
