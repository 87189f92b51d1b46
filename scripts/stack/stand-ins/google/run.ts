import type { ListMethod } from './method.ts';
import { parameter } from './method.ts';
import { invalid, problemOf } from './problem.ts';
import type { RunService } from './world.ts';

/**
 * services.list of Cloud Run v1, as its discovery document describes it (https://run.googleapis.com/$discovery/rest?version=v1,
 * schemas ListServicesResponse and Service): Kubernetes' form, the region in a label, the next page's token in `metadata`.
 */
export const servicesList: ListMethod = {
  api: 'run',
  name: 'services.list',
  path: /^\/v1\/projects\/(?<project>[^/]+)\/locations\/(?<region>[^/]+)\/services$/,
  permission: 'run.services.list',
  denied: (project, permission) => {
    const resource = `namespaces/${project}/services`;
    return problemOf(
      403,
      `Permission '${permission}' denied on resource '${resource}' (or resource may not exist).`,
    );
  },
  sizeParameter: 'limit',
  tokenParameter: 'continue',
  list({ project, run }, query, region) {
    const limit = parameter(query, 'limit');
    if (limit !== undefined && !/^\d+$/.test(limit))
      throw invalid(`Invalid value at 'limit' (TYPE_INT32), "${limit}"`);
    const items = run.services
      .filter((service) => region === '-' || service.region === region)
      .sort((a, b) => b.createdAt.getTime() - a.createdAt.getTime())
      .map((service) => resourceOf(service, project));
    return {
      items,
      defaultSize: Number.POSITIVE_INFINITY,
      body: (services, token) => ({
        apiVersion: 'serving.knative.dev/v1',
        kind: 'ServiceList',
        metadata: { resourceVersion: 'AAAAAAAAAAA', selfLink: '', ...(token && { continue: token }) },
        ...(services.length > 0 && { items: services }),
      }),
    };
  },
};

function resourceOf(
  { name, region, createdAt, url = `https://${name}-uc.a.run.app` }: RunService,
  project: string,
): object {
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: {
      name,
      namespace: project,
      selfLink: `/apis/serving.knative.dev/v1/namespaces/${project}/services/${name}`,
      generation: 1,
      creationTimestamp: createdAt.toISOString(),
      labels: { 'cloud.googleapis.com/location': region },
      annotations: { 'run.googleapis.com/ingress': 'all' },
    },
    spec: {
      template: { spec: { containers: [{ image: 'us-docker.pkg.dev/cloudrun/container/hello' }] } },
      traffic: [{ percent: 100, latestRevision: true }],
    },
    status: {
      observedGeneration: 1,
      conditions: [{ type: 'Ready', status: 'True' }],
      latestReadyRevisionName: `${name}-00001-abc`,
      url,
      address: { url },
    },
  };
}
