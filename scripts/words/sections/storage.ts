import type { StorageFigures } from '../../../functions/shared/model/day/sections/storage.ts';
import {
  amount,
  counted,
  type Loose,
  largest,
  nameOf,
  type SectionWords,
  type Words,
} from './section-words.ts';

export const storageWords: SectionWords<'storage'> = {
  name: 'storage',
  entries: [{ label: 'Storage', of: (section) => section, words: inWords }],
  columns: {
    storageBuckets: (section) => section?.buckets,
    storageBytes: (section) => section?.bytes,
    storageObjects: (section) => section?.objects,
    storageSoftDeletedBytes: (section) => section?.softDeletedBytes,
  },
};

function inWords(section: Loose<StorageFigures>): Words {
  const { buckets, bytes, objects, softDeletedBytes, perBucket, more } = section;
  return {
    text: `${counted(buckets, 'bucket')}, ${amount(bytes)} in ${counted(objects, 'object')}; ${amount(softDeletedBytes)} soft-deleted`,
    ...largest(perBucket, more, 'bucket', (row: Loose<StorageFigures['perBucket'][number]>) => [
      nameOf(row.bucket),
      amount(row.bytes),
      counted(row.objects, 'object'),
    ]),
  };
}
