import { join } from 'node:path';
import { Server, ServerCredentials, type UntypedHandleCall } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import schema from './google-provider-schema.json' with { type: 'json' };

/**
 * Stands in for the Google provider where that cannot be downloaded: it knows the schema of what infra/ uses and nothing
 * else, which is all that Terraform asks of a provider it validates by or mocks.
 */

interface SchemaBlock {
  attributes: Record<string, { type: unknown; required?: boolean; optional?: boolean; computed?: boolean }>;
  block_types: Record<
    string,
    { nesting_mode: string; min_items?: number; max_items?: number; block: SchemaBlock }
  >;
}

/** Arguments of the provider itself. */
const PROVIDER: SchemaBlock = {
  attributes: {
    project: { type: 'string', optional: true },
    region: { type: 'string', optional: true },
  },
  block_types: {},
};

/** The part of a client's call that is looked at. */
interface Call {
  request: { config: unknown };
}
type Reply = (error: null, answer: object) => void;

/** Serves the provider; `attach` is the environment by which Terraform finds it. Stop it at the end. */
export async function serveProvider() {
  const definition = loadSync(join(import.meta.dirname, 'terraform-plugin.proto'), { keepCase: true });
  const answers: Record<string, (request: Call['request']) => object> = {
    GetSchema: () => ({
      provider: schemaOf(PROVIDER),
      resource_schemas: Object.fromEntries(
        Object.entries(schema.resources).map(([type, { block }]) => [type, schemaOf(block)]),
      ),
    }),
    PrepareProviderConfig: ({ config }) => ({ prepared_config: config }),
    ValidateResourceTypeConfig: () => ({}),
    ValidateDataSourceConfig: () => ({}),
    Stop: () => ({}),
  };
  const server = new Server();
  server.addService(
    definition['tfplugin5.Provider'] as Parameters<Server['addService']>[0],
    Object.fromEntries(
      Object.entries(answers).map(([method, answer]): [string, UntypedHandleCall] => [
        method,
        (call: Call, reply: Reply) => reply(null, answer(call.request)),
      ]),
    ),
  );
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  const address = {
    Protocol: 'grpc',
    ProtocolVersion: 5,
    Pid: process.pid,
    Test: true,
    Addr: { Network: 'tcp', String: `127.0.0.1:${port}` },
  };
  return {
    attach: {
      TF_REATTACH_PROVIDERS: JSON.stringify({ 'registry.terraform.io/hashicorp/google': address }),
    },
    stop: () => server.forceShutdown(),
  };
}

function schemaOf(block: SchemaBlock): object {
  return { block: blockOf(block) };
}

function blockOf({ attributes, block_types }: SchemaBlock): object {
  return {
    attributes: Object.entries(attributes).map(([name, { type, ...is }]) => ({
      name,
      ...is,
      type: Buffer.from(JSON.stringify(type)),
    })),
    block_types: Object.entries(block_types).map(([type_name, { nesting_mode, block, ...items }]) => ({
      type_name,
      ...items,
      nesting: nesting_mode,
      block: blockOf(block),
    })),
  };
}
