export * from '../../functions/shared/figures.ts';
