import {
  type CloudRunFigures,
  RESPONSE_CLASSES,
} from '../../../functions/shared/model/day/sections/cloud-run.ts';
import { fieldsOf } from '../../shared/objects.ts';
import { figure, plural } from '../figures.ts';
import {
  count,
  counted,
  known,
  type Loose,
  largest,
  listOf,
  nameOf,
  type SectionWords,
  type Words,
} from './section-words.ts';

export const cloudRunWords: SectionWords<'cloudRun'> = {
  name: 'Cloud Run',
  entries: [{ label: 'Cloud Run', of: (section) => section, words: inWords }],
  columns: {
    cloudRunServices: (section) => section?.services,
    cloudRunActiveServices: (section) => section?.activeServices,
    cloudRunRequests: (section) => section?.requests,
  },
};

function inWords(section: Loose<CloudRunFigures>): Words {
  const { services, activeServices, requests, perService, more } = section;
  const classes = known(requests) === undefined || more !== 0 ? [] : classesOf(perService);
  const parts = classes.map(([responses, total]) => `${responses} ${figure(total)}`).join(', ');
  return {
    text: `${counted(services, 'service')}, ${count(activeServices)} active; ${counted(requests, 'request')}${parts ? ` (${parts})` : ''}`,
    ...largest(perService, more, 'service', (row: Loose<CloudRunFigures['perService'][number]>) => {
      const answered = fieldsOf(row.requests);
      const total = Object.values(answered).reduce<number>((sum, value) => sum + (known(value) ?? 0), 0);
      return [
        `${nameOf(row.service)} (${nameOf(row.region)})`,
        plural(total, 'request'),
        `${count(answered['5xx'] ?? 0)} 5xx`,
      ];
    }),
  };
}

/** Requests by class of response over all services, the classes that occurred. */
function classesOf(perService: unknown): [string, number][] {
  const rows = listOf(perService).map(({ requests }) => fieldsOf(requests));
  return RESPONSE_CLASSES.map((responses): [string, number] => [
    responses,
    rows.reduce((sum, row) => sum + (known(row[responses]) ?? 0), 0),
  ]).filter(([, total]) => total > 0);
}
