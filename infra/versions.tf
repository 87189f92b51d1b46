terraform {
  required_version = ">= 1.9"

  required_providers {
    # 6.13 brought disable_metric_validation.
    google = {
      source  = "hashicorp/google"
      version = ">= 6.13, < 8.0"
    }
  }
}

provider "google" {
  project = var.project_id
  region  = var.region
}
