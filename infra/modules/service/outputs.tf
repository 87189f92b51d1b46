output "url" {
  description = "Address of the service; its callers need run.invoker."
  value       = google_cloudfunctions2_function.service.service_config[0].uri
}

output "service_account" {
  description = "What the service runs as, as a member of IAM policies."
  value       = local.runtime
}

output "viewers" {
  description = "Who may call the service, as members of IAM policies."
  value       = [for grant in google_cloud_run_v2_service_iam_member.viewer : grant.member]
}

output "function" {
  description = "The function, as it is deployed."
  value       = google_cloudfunctions2_function.service
}
