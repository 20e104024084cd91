import { type Child } from "../base/dom";
import { count, short } from "../base/text";
import { outcome } from "../parts/sign";
import type { Campaign, Release } from "../release";
import { grid, rows } from "./grid";
import { absent, paragraphs, small } from "./parts";
import { date, longTime } from "./words";

/** How it was tested, and by which campaigns. */
export function method(release: Release): Child {
  return [
    paragraphs(release.method, "These results do not say how they were made."),
    release.campaigns.length === 0
      ? absent("There is no campaign in these results.")
      : grid(
          "Campaigns",
          ["Results", "Seeds", "heir", "Began (UTC)", "Overrides", "Canary", "Ended", { name: "Runs", numeric: true }],
          rows(
            release.campaigns.map((campaign) => ({
              key: `${campaign.database} ${campaign.campaign}`,
              cells: cells(campaign),
            })),
          ),
          "campaigns",
        ),
  ];
}

function cells(campaign: Campaign): Child[] {
  const { first_seed: first, last_seed: last } = campaign;
  const shard = campaign.shards > 1 && small(`shard ${campaign.shard}/${campaign.shards}`);
  return [
    [campaign.database, small(`campaign ${campaign.campaign}`)],
    [last === null ? `from ${first}, for a time` : `${first} to ${last}`, shard, campaign.guided && small("guided")],
    campaign.heir,
    [date(campaign.began), small(`ran for ${longTime(campaign.seconds * 1e9)}`)],
    campaign.overrides.length === 0 ? "none" : campaign.overrides.map((override) => small(override)),
    campaign.canary || "none",
    ended(campaign.ended),
    [count(campaign.runs), small(`${short(campaign.runs_per_second)} per s`)],
  ];
}

function ended(how: string | null): Child {
  if (how === "complete") return outcome("pass", how);
  if (how === null) return outcome("unknown", "under way, or killed");
  return outcome(how === "canary-lived" || how === "out-of-space" ? "fail" : "unknown", how);
}
