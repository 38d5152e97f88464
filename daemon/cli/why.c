#include "cli/why.h"

#include <string.h>

static const struct {
    const char *english, *chinese;
} reasons[] = {
    {"an event with this id has been taken already", "此 id 的事件已经处理过"},
    {"its time is more than a minute ahead: it counts as now", "事件时间超前一分钟以上，按当前时间计"},
    {"this key is open already", "此对象已有未完成的事项"},
    {"this opening is not newer than one that has been closed", "不晚于一次已经结束的打开"},
    {"no such deadline is open yet: remembered", "对应事项尚未打开，已记住"},
    {"no such deadline is open", "没有对应的未完成事项"},
    {"closed already", "已经结束"},
    {"it is still open", "仍未完成"},
    {"this one of `all` has come already", "`all` 中的这一件已经来过"},
    {"nothing of this key has been closed", "此对象没有已经结束的事项"},
    {"this is not newer than the opening of what has been closed", "不晚于已结束的那一次打开"},
    {"all of them were cancelled", "它们全部被取消"},
    {"stamped before the opening", "发生时间早于打开"},
    {"met early", "提前完成"},
    {"before the opening", "早于打开"},
    {"a later step is due, too", "更晚的台阶也已到时"},
    {"due has passed", "已过到期"},
    {"superseded", "被更晚的消息取代"},
    {"paused", "暂停"},
    {"restarted", "重新开始"},
    {"closed", "已结束"},
    {"met", "按时完成"},
    {"met_late", "逾期完成"},
    {"cancelled", "取消"},
    {"waived", "豁免"},
    {"has left, and nobody answers for this person", "已离职，且无人代管"},
    {"there is no such channel", "没有这个渠道"},
    {"stands in, and hears with the first and the last time only", "代为告知者，只在首次和末次告知"},
    {"nobody is left to be told, nor anybody to stand in", "已无人可告知，也无人可代"},
    {"above the ceiling", "在上限之上，不告知"},
    {"acknowledged", "已知悉，不再重复"},
    {"the rule never tells this person about this case", "规则规定此案不告知此人（except）"},
    {"the late person is not escalated to himself; a later step goes higher",
     "不向逾期者本人升级；后面的台阶会告知更上级"},
    {"the top has been reached", "已到最高一级"},
    {"quiet hours until after due", "静默到到期之后"},
    {"no channel reaches this person: no address is known for any of them", "没有渠道能送达此人：地址都未知"},
    {"the step has too many recipients", "此台阶的收件人过多"},
    {"pulled forward, out of quiet hours that last until due", "提前：其后静默直到到期"},
    {"held back by the gap after the step before", "推迟：与上一台阶保持间隔"},
    {"the directory does not know this person", "通讯录中没有此人"},
    {"nobody could be found to owe this", "找不到责任人"},
    {"max_pause is used up", "最长暂停时间已用完"},
    {"the calendars have changed", "日历已变更"},
    {"the rule has changed", "规则已修改"},
    {"recomputed", "规则已修改，到期另算"},
    {"recounted", "日历已变更，到期另算"},
    {"changed", "事件变更了到期"},
    {"it was open already", "修改规则时已经打开"},
    {"a later step has been told already", "更晚的台阶已经告知"},
    {"the rule's key is another one now", "规则的 key 变了"},
    {"the rule makes another number of deadlines of one opening now", "规则一次打开的事项数变了"},
    {"the rule opens in another way now", "规则的打开方式变了"},
    {"it is not one of the rule's series any more", "不再属于规则的 series"},
    {"the rule wants no more than what has come already", "规则所要求的都已来过"},
    {"none of the rule's dues fits it", "规则的 due 中没有一种适用"},
    {"the field that the rule's `from` is counted from is missing", "缺少规则 from 所依据的字段"},
    {"its own text names what is not there any more", "旧规则引用的内容已不存在"},
    {"its own text cannot be read any more", "旧规则的文字已读不出"},
    {"the outbox is full; the oldest gives way", "发件箱已满，最早的让位"},
    {"three attempts ended without a verdict", "三次尝试都没有结果"},
    {"no verdict is known: the daemon ended meanwhile", "结果不明：守护进程中途退出"},
    {"the daemon died, and nothing else was under way: 1 of 3 times",
     "守护进程崩溃，当时只有这一条在发送（第1次，共3次）"},
    {"the daemon died, and nothing else was under way: 2 of 3 times",
     "守护进程崩溃，当时只有这一条在发送（第2次，共3次）"},
    {"the daemon died, and nothing else was under way: 3 of 3 times",
     "守护进程崩溃，当时只有这一条在发送（第3次，共3次）"},
    {"the daemon died three times while its channel worked on nothing but this",
     "渠道只在处理这一条时，守护进程崩溃了三次"},
    {"the channel's policy: an operator decides", "按渠道设置，由运维决定"},
    {"the settings have changed", "设置已修改"},
    {"no step before due can leave any more", "到期前的台阶都已来不及"},
};

static const struct {
    const char *what, *english, *chinese;
    bool is_unsent; /* belongs to what was not sent */
} records[] = {
    {"opened", "opened", "打开", false},
    {"met", "met", "按时完成", false},
    {"met_late", "met late", "逾期完成", false},
    {"met_early", "met early", "提前完成", false},
    {"cancelled", "cancelled", "取消", false},
    {"waived", "waived", "豁免", false},
    {"paused", "paused", "暂停", false},
    {"resumed", "resumed", "恢复", false},
    {"changed", "changed", "变更", false},
    {"recounted", "counted again", "重新计算", false},
    {"recomputed", "the rule has changed", "规则已修改", false},
    {"kept", "keeps its old rule", "保留旧规则", false},
    {"provisional", "still provisional", "仍为暂定", false},
    {"restarted", "restarted", "重新开始", false},
    {"woke", "began", "开始计时", false},
    {"reopened", "sent back", "退回", false},
    {"progress", "part of it", "部分完成", false},
    {"not_followed", "nothing follows", "无后续", false},
    {"extended", "extended", "延期", false},
    {"reassigned", "reassigned", "转交", false},
    {"owner", "new owner", "责任人变更", false},
    {"owner_unknown", "owner unknown", "责任人不明", false},
    {"overdue", "overdue", "逾期", false},
    {"ack", "acknowledged", "已知悉", false},
    {"delivered", "delivered", "已送达", false},
    {"retry", "failed, again", "失败，将重试", false},
    {"backoff", "channel waits", "渠道等待", false},
    {"reauth", "new token", "重新认证", false},
    {"refused", "refused", "被拒绝", false},
    {"misconfigured", "misconfigured", "渠道配置有误", false},
    {"uncertain", "uncertain", "结果不明", false},
    {"fallback", "other channel", "改走备用渠道", false},
    {"rerouted", "other channel", "改走其他渠道", false},
    {"moved", "leaves otherwise", "发送时间改变", false},
    {"held", "held", "搁置", false},
    {"superseded", "superseded", "被更晚的台阶取代", true},
    {"skipped", "skipped", "略过", true},
    {"fell", "fell to", "转由他人", false},
    {"silent", "nobody to tell", "无人可告知", true},
    {"withdrawn", "withdrawn", "撤回", true},
    {"expired", "expired", "过期", true},
    {"dead", "given up", "放弃", true},
};

const char *why_record(const struct cli *cli, const char *what, bool *is_unsent)
{
    for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
        if (strcmp(records[i].what, what) != 0)
            continue;
        if (is_unsent != NULL)
            *is_unsent = records[i].is_unsent;
        return cli->chinese ? records[i].chinese : records[i].english;
    }
    return NULL;
}

const char *why_in(const struct cli *cli, const char *why)
{
    for (size_t i = 0; cli->chinese && why != NULL && i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (strcmp(reasons[i].english, why) == 0)
            return reasons[i].chinese;
    }
    return why == NULL ? "" : why;
}
