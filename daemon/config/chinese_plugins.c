#include "config/chinese.h"

static const struct chinese_entry entries[] = {
    /* delivery/plugin_load.c, delivery/plugin_host.c */
    {"channel %s: out of memory", "渠道 %s：内存不足"},
    {"channel %s: %s", "渠道 %s：%s"},
    {"there is no plugin \"%s\" (%s); did you mean \"%s\"?", "没有插件 \"%s\"（%s），是否 \"%s\"？"},
    {"there is no plugin \"%s\": %s does not exist", "没有插件 \"%s\"：%s 不存在"},
    {"plugin %s cannot be read: %s", "无法读取插件 %s：%s"},
    {"plugin %s is not a file", "插件 %s 不是文件"},
    {"plugin %s belongs to another user, who could put anything into this process; it must belong to root or "
     "to the user that runs the daemon",
     "插件 %s 属于别的用户，其可把任何东西放进本进程；它须属于 root 或运行守护进程的用户"},
    {"plugin %s can be changed by others than its owner, who could put anything into this process; chmod "
     "go-w it",
     "插件 %s 可被所有者以外的人修改，其可把任何东西放进本进程；请对它执行 chmod go-w"},
    {"plugin \"%s\" is neither a plain name nor an absolute path",
     "插件 \"%s\" 既不是简单名字也不是绝对路径"},
    {"no directory is set in which to look for the plugin \"%s\"", "没有设置查找插件 \"%s\" 的目录"},
    {"the path of the plugin \"%.40s...\" is too long", "插件 \"%.40s...\" 的路径太长"},
    {"plugin %s is made for version %u of the plugin interface, this daemon speaks version %u; build it "
     "against this daemon's <cuiban/channel.h>",
     "插件 %s 用的是插件接口第 %u 版，本守护进程是第 %u 版；请用本守护进程的 <cuiban/channel.h> 重新编译"},
    {"plugin %s describes itself in %u bytes, version %u of the plugin interface needs %zu; set `size` to "
     "sizeof(struct cuiban_channel)",
     "插件 %s 用 %u 字节描述自己，插件接口第 %u 版需要 %zu；请把 `size` 设为 sizeof(struct cuiban_channel)"},
    {"plugin %s has no `%s`", "插件 %s 没有 `%s`"},
    {"plugin %s names a reach or a dialect that this daemon does not know",
     "插件 %s 所写的到达方式或格式，本守护进程不认识"},
    {"plugin %s cannot be loaded: %s", "无法加载插件 %s：%s"},
    {"%s exports no symbol `%s`, so it is not a channel plugin", "%s 没有导出 `%s`，不是渠道插件"},
    {"the plugin %s has no option \"%s\"; did you mean \"%s\"?", "插件 %s 没有选项 \"%s\"，是否 \"%s\"？"},
    {"the plugin %s has no option \"%s\"", "插件 %s 没有选项 \"%s\""},
    {"%zu options; a channel takes at most %d", "选项 %zu 个；一个渠道最多 %d 个"},
    {"the plugin %s needs the option \"%s\"", "插件 %s 需要选项 \"%s\""},
    {"rate = \"%s\" is not a rate such as \"18/min\", \"4/s\" or \"500/h\"",
     "rate = \"%s\" 不是 \"18/min\"、\"4/s\" 或 \"500/h\" 这样的速率"},
    {"the plugin %s has a default rate that nobody can read: \"%s\"", "插件 %s 的缺省速率无法识别：\"%s\""},
    {"the plugin does not say why it refuses these options", "插件没有说明为何拒绝这些选项"},

    /* why the shipped plugins refuse their options */
    {"option webhook is missing: the robot's whole address, with ?key= in it, as its page in the group has "
     "it",
     "缺少选项 webhook：机器人的整个 webhook 地址，含 ?key=，在群里机器人的页面上复制"},
    {"option key is not a key: it is what follows ?key= in the robot's address; or give the whole address as "
     "option "
     "webhook",
     "选项 key 不对：只写机器人地址中 ?key= 后面的部分；或把整个地址写进选项 webhook"},
    {"option webhook is not the whole address of a WeCom robot, which ends in /cgi-bin/webhook/send?key= and "
     "the key",
     "选项 webhook 不是企业微信群机器人的完整地址：它以 /cgi-bin/webhook/send?key= 加上 key 结尾"},
    {"option url is a server alone, http(s)://host[:port]; the robot's whole address goes into option "
     "webhook",
     "选项 url 只写服务器，http(s)://主机[:端口]；机器人的整个地址写进选项 webhook"},
    {"option webhook is the robot's whole address: leave out key and url",
     "选项 webhook 已是机器人的整个地址：去掉 key 和 url"},
    {"option webhook is missing: the robot's whole address, with ?access_token= in it, as its page in the "
     "group has it",
     "缺少选项 webhook：机器人的整个 webhook 地址，含 ?access_token=，在群里机器人的页面上复制"},
    {"option webhook is not the whole address of a DingTalk robot, which ends in /robot/send?access_token= "
     "and the token; "
     "without timestamp= and sign=, which are made anew each time",
     "选项 webhook 不是钉钉机器人的完整地址：它以 /robot/send?access_token= 加上 token 结尾；不含 timestamp= "
     "和 sign=，那是每次现算的"},
    {"option webhook is the robot's whole address: leave out token and url",
     "选项 webhook 已是机器人的整个地址：去掉 token 和 url"},
    {"option mention is neither \"inline\", \"list\" nor \"no\"",
     "选项 mention 须是 \"inline\"、\"list\" 或 \"no\""},
    {"option token is not a token: it is what follows ?access_token= in the robot's address; or give the "
     "whole address "
     "as option webhook",
     "选项 token 不对：只写机器人地址中 ?access_token= 后面的部分；或把整个地址写进选项 webhook"},
    {"option secret is not a signing secret; it begins with SEC and stands in the robot's security settings",
     "选项 secret 不是加签密钥：它以 SEC 开头，在机器人的安全设置中"},
    {"option keyword is longer than 512 bytes; give one of the keywords from the robot's security settings",
     "选项 keyword 超过 512 字节：写机器人安全设置中的一个关键词"},
    {"option card is neither \"yes\" nor \"no\"", "选项 card 须是 \"yes\" 或 \"no\""},
    {"option path must be an absolute path, such as /var/lib/cuiban/messages.jsonl",
     "选项 path 须是绝对路径，如 /var/lib/cuiban/messages.jsonl"},
    {"option tls is neither \"required\", \"implicit\" nor \"none\"",
     "选项 tls 须是 \"required\"、\"implicit\" 或 \"none\""},
    {"option tls = \"none\" contradicts smtps://; write smtp:// for a relay without TLS",
     "选项 tls = \"none\" 与 smtps:// 矛盾；不用 TLS 的中继写 smtp://"},
    {"option tls = \"none\" is for a relay on this host only (localhost); mail would travel in clear",
     "选项 tls = \"none\" 只用于本机的中继（localhost），否则邮件会明文传输"},
    {"option server is missing; for example smtp://mail.example.com:587",
     "缺少选项 server，如 smtp://mail.example.com:587"},
    {"option from is missing; for example \"人事部 <hr@example.com>\"",
     "缺少选项 from，如 \"人事部 <hr@example.com>\""},
    {"option server must be smtp://host:port or smtps://host:port",
     "选项 server 须是 smtp://主机:端口 或 smtps://主机:端口"},
    {"option from must be an address or \"name <address>\"", "选项 from 须是地址，或 \"名字 <地址>\""},
    {"option domain must be a host name, such as hr.example.com",
     "选项 domain 须是主机名，如 hr.example.com"},
    {"option reply_to must be one address", "选项 reply_to 须是一个地址"},
    {"options user and password go together; give both or neither", "选项 user 与 password 要写就都写"},
    {"options user and password must be one line without control characters",
     "选项 user 与 password 须是一行，不含控制字符"},
    {"option ca_file must be an absolute path", "选项 ca_file 须是绝对路径"},
};

const struct chinese_table chinese_plugins = {entries, sizeof entries / sizeof *entries};
