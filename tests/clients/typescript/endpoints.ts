// Every endpoint of Backlinks, checked against the types of the official client.

import * as client from "dataforseo-client";

/** The declared properties of a class, without its index signature, which allows any name. */
type Declared<T> = { [K in keyof T as string extends K ? never : number extends K ? never : K]: T[K] };

type ApiResponse<Result> = {
  status_code?: number;
  tasks?: { status_code?: number; status_message?: string; data?: { [key: string]: any }; result?: Result[] }[];
} | null;

/** An endpoint whose types were checked and then erased, so that one table has them all. */
export type Endpoint = {
  path: string;
  call(api: client.BacklinksApi, tasks: object[]): Promise<ApiResponse<any>>;
  /** Returns the objects of a result that have the field. They must be instances of `class`. */
  objects(result: any): any[] | undefined;
  class: Function;
  field: string;
  /** Parameters that replace those of the fixture. */
  overrides: object;
};

function endpoint<Task, Result, Row>(
  path: string,
  task: (new (data?: any) => Task) | null,
  call: (api: client.BacklinksApi, tasks: Task[]) => Promise<ApiResponse<Result>>,
  objects: (result: Declared<Result>) => (Row | undefined)[] | undefined,
  class_: new (data?: any) => Row,
  field: keyof Declared<Row> & string,
  overrides: object = {},
): Endpoint {
  return {
    path,
    call: (api, tasks) => call(api, task ? tasks.map((fields) => new task(fields)) : []),
    objects,
    class: class_,
    field,
    overrides,
  };
}

export function connect(url: string): client.BacklinksApi {
  const authorization = { Authorization: `Basic ${btoa("login:password")}` };
  return new client.BacklinksApi(url, {
    fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, ...authorization } }),
  });
}

// The API accepts dates of the last year only, so the dates of the fixtures expire.
const recent = { date_from: new Date(Date.now() - 30 * 24 * 60 * 60 * 1000).toISOString().slice(0, 10) };

export const endpoints: Endpoint[] = [
  endpoint(
    "anchors/live",
    client.BacklinksAnchorsLiveRequestInfo,
    (api, tasks) => api.anchorsLive(tasks),
    (result) => result.items,
    client.BacklinksAnchorsLiveItem,
    "referring_main_domains",
  ),
  endpoint(
    "available_filters",
    null,
    (api) => api.backlinksAvailableFilters(),
    (result) => [result],
    client.BacklinksAvailableFiltersResultInfo,
    "backlinks",
  ),
  endpoint(
    "backlinks/live",
    client.BacklinksBacklinksLiveRequestInfo,
    (api, tasks) => api.backlinksLive(tasks),
    (result) => result.items,
    client.BacklinksBacklinksLiveItem,
    "page_from_title",
  ),
  endpoint(
    "bulk_backlinks/live",
    client.BacklinksBulkBacklinksLiveRequestInfo,
    (api, tasks) => api.bulkBacklinksLive(tasks),
    (result) => result.items,
    client.BacklinksBulkBacklinksLiveItem,
    "backlinks",
  ),
  endpoint(
    "bulk_new_lost_backlinks/live",
    client.BacklinksBulkNewLostBacklinksLiveRequestInfo,
    (api, tasks) => api.bulkNewLostBacklinksLive(tasks),
    (result) => result.items,
    client.BacklinksBulkNewLostBacklinksLiveItem,
    "lost_backlinks",
    recent,
  ),
  endpoint(
    "bulk_new_lost_referring_domains/live",
    client.BacklinksBulkNewLostReferringDomainsLiveRequestInfo,
    (api, tasks) => api.bulkNewLostReferringDomainsLive(tasks),
    (result) => result.items,
    client.BacklinksBulkNewLostReferringDomainsLiveItem,
    "new_referring_main_domains",
    recent,
  ),
  endpoint(
    "bulk_pages_summary/live",
    client.BacklinksBulkPagesSummaryLiveRequestInfo,
    (api, tasks) => api.bulkPagesSummaryLive(tasks),
    (result) => result.items,
    client.BacklinksBulkPagesSummaryLiveItem,
    "main_domain_rank",
  ),
  endpoint(
    "bulk_ranks/live",
    client.BacklinksBulkRanksLiveRequestInfo,
    (api, tasks) => api.bulkRanksLive(tasks),
    (result) => result.items,
    client.BacklinksBulkRanksLiveItem,
    "rank",
  ),
  endpoint(
    "bulk_referring_domains/live",
    client.BacklinksBulkReferringDomainsLiveRequestInfo,
    (api, tasks) => api.bulkReferringDomainsLive(tasks),
    (result) => result.items,
    client.BacklinksBulkReferringDomainsLiveItem,
    "referring_domains",
  ),
  endpoint(
    "bulk_spam_score/live",
    client.BacklinksBulkSpamScoreLiveRequestInfo,
    (api, tasks) => api.bulkSpamScoreLive(tasks),
    (result) => result.items,
    client.BacklinksBulkSpamScoreLiveItem,
    "spam_score",
  ),
  endpoint(
    "competitors/live",
    client.BacklinksCompetitorsLiveRequestInfo,
    (api, tasks) => api.competitorsLive(tasks),
    (result) => result.items,
    client.BacklinksCompetitorsLiveItem,
    "intersections",
  ),
  endpoint(
    "domain_intersection/live",
    client.BacklinksDomainIntersectionLiveRequestInfo,
    (api, tasks) => api.domainIntersectionLive(tasks),
    (result) => result.items?.map((item) => item.summary),
    client.IntersectionSummaryInfo,
    "intersections_count",
  ),
  endpoint(
    "domain_pages/live",
    client.BacklinksDomainPagesLiveRequestInfo,
    (api, tasks) => api.domainPagesLive(tasks),
    (result) => result.items?.map((item) => item.meta),
    client.BacklinksPageMeta,
    "words_count",
  ),
  endpoint(
    "domain_pages_summary/live",
    client.BacklinksDomainPagesSummaryLiveRequestInfo,
    (api, tasks) => api.domainPagesSummaryLive(tasks),
    (result) => result.items,
    client.BacklinksDomainPagesSummaryLiveItem,
    "broken_pages",
  ),
  endpoint(
    "errors",
    client.BacklinksErrorsRequestInfo,
    (api, tasks) => api.backlinksErrors(tasks),
    (result) => [result],
    client.BacklinksErrorsResultInfo,
    "error_code",
  ),
  endpoint(
    "history/live",
    client.BacklinksHistoryLiveRequestInfo,
    (api, tasks) => api.historyLive(tasks),
    (result) => result.items?.map((item) => item.info),
    client.TargetInfo,
    "target_spam_score",
  ),
  endpoint(
    "id_list",
    client.BacklinksIdListRequestInfo,
    (api, tasks) => api.backlinksIdList(tasks),
    (result) => [result],
    client.BacklinksIdListResultInfo,
    "cost",
  ),
  endpoint(
    "index",
    null,
    (api) => api.index(),
    (result) => result.index_history,
    client.IndexHistory,
    "total_pages",
  ),
  endpoint(
    "page_intersection/live",
    client.BacklinksPageIntersectionLiveRequestInfo,
    (api, tasks) => api.pageIntersectionLive(tasks),
    (result) => result.items?.map((item) => item.summary),
    client.IntersectionSummaryInfo,
    "intersections_count",
  ),
  endpoint(
    "referring_domains/live",
    client.BacklinksReferringDomainsLiveRequestInfo,
    (api, tasks) => api.referringDomainsLive(tasks),
    (result) => result.items,
    client.BacklinksReferringDomainsLiveItem,
    "referring_links_tld",
  ),
  endpoint(
    "referring_networks/live",
    client.BacklinksReferringNetworksLiveRequestInfo,
    (api, tasks) => api.referringNetworksLive(tasks),
    (result) => result.items,
    client.BacklinksReferringNetworksLiveItem,
    "network_address",
  ),
  endpoint(
    "summary/live",
    client.BacklinksSummaryLiveRequestInfo,
    (api, tasks) => api.summaryLive(tasks),
    (result) => [result.info],
    client.TargetInfo,
    "ip_address",
  ),
  endpoint(
    "timeseries_new_lost_summary/live",
    client.BacklinksTimeseriesNewLostSummaryLiveRequestInfo,
    (api, tasks) => api.timeseriesNewLostSummaryLive(tasks),
    (result) => result.items,
    client.BacklinksTimeseriesNewLostSummaryLiveItem,
    "new_backlinks",
  ),
  endpoint(
    "timeseries_summary/live",
    client.BacklinksTimeseriesSummaryLiveRequestInfo,
    (api, tasks) => api.timeseriesSummaryLive(tasks),
    (result) => result.items,
    client.BacklinksTimeseriesSummaryLiveItem,
    "backlinks_nofollow",
  ),
];
