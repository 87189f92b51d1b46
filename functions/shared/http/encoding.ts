import { promisify } from 'node:util';
import { brotliCompress, constants, gzip } from 'node:zlib';

/** Below it the encoding costs more than it saves. */
const WORTH_BYTES = 1024;
/** Quality of brotli for what is made for each answer: near gzip in time, smaller in size. */
const BROTLI_QUALITY = 4;

const ENCODABLE = /^(?:text\/|application\/(?:json|javascript|xml|openmetrics-text)|image\/svg\+xml)/;

const ENCODERS = {
  br: (content: Buffer) =>
    promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY } }),
  gzip: (content: Buffer) => promisify(gzip)(content),
};
/** An encoding of ours. */
export type Encoding = keyof typeof ENCODERS;

/** `content` as whoever sent this `Accept-Encoding` wants it; as it is, where that is not worth it. */
export async function encode(
  content: Buffer,
  contentType: string,
  acceptEncoding: string | string[] | undefined,
): Promise<{ body: Buffer; encoding?: Encoding }> {
  const encoding = preferred(String(acceptEncoding ?? ''));
  if (!encoding || content.length < WORTH_BYTES || !ENCODABLE.test(contentType)) return { body: content };
  return { body: await ENCODERS[encoding](content), encoding };
}

/** The best encoding of ours that an `Accept-Encoding` allows: its highest quality, brotli where equal. */
export function preferred(acceptEncoding: string): Encoding | undefined {
  const qualities = new Map(
    acceptEncoding.split(',').map((part) => {
      const [name = '', ...parameters] = part.split(';').map((word) => word.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return [name, quality === undefined ? 1 : Number(quality)] as const;
    }),
  );
  const qualityOf = (name: string) => qualities.get(name) ?? qualities.get('*') ?? 0;
  const [best] = (['br', 'gzip'] as const)
    .filter((name) => qualityOf(name) > 0)
    .sort((a, b) => qualityOf(b) - qualityOf(a));
  return best;
}
