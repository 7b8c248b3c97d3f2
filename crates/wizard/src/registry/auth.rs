//! Who Lakeward is to AWS.

use super::needs::{given, is_s3, with_auth, without_session};
use crate::{
    question::{Choice, Id, Kind, Need, Question},
    state::Screen,
};
use Need::{NotAsked, Optional, Required};

pub(super) const AUTH: Question = Question {
    id: Id::Auth,
    key: "auth.method",
    flag: "auth",
    title: "Sign in with",
    help: "Which credentials are used. Each but the chain pins one kind, so that nothing else in the environment can take over \
           later. No secret is ever asked for or written.",
    example: "sso",
    kind: Kind::Choice(&[
        Choice { value: "sso", help: "a role of IAM Identity Center (AWS access portal)" },
        Choice { value: "profile", help: "a profile of the AWS files" },
        Choice { value: "role", help: "a role that is assumed with other credentials" },
        Choice { value: "compute", help: "the role of the machine: EC2, ECS, EKS" },
        Choice { value: "env", help: "AWS_ACCESS_KEY_ID and its kin in the environment" },
        Choice { value: "chain", help: "whatever the AWS tools would take, in their order" },
    ]),
    screen: Screen::Method,
    rare: false,
    need: |answers| if is_s3(answers) { Required } else { NotAsked },
    default: |answers, _| {
        let sso = [Id::SsoSession, Id::SsoStartUrl, Id::SsoAccountId];
        let method = if given(answers, Id::Profile) {
            "profile"
        } else if sso.into_iter().any(|id| given(answers, id)) {
            "sso"
        } else if given(answers, Id::RoleArn) {
            "role"
        } else {
            return None;
        };
        Some(method.into())
    },
    depends_on: &[Id::Storage],
};

pub(super) const PROFILE: Question = Question {
    id: Id::Profile,
    key: "auth.profile",
    flag: "profile",
    title: "Profile",
    help: "The profile's name in ~/.aws/config or ~/.aws/credentials. What the profile says is followed: a role, an SSO session, a \
           program.",
    example: "analytics",
    kind: Kind::Text,
    screen: Screen::Details,
    rare: false,
    need: |answers| with_auth(answers, "profile", Required),
    default: |_, _| None,
    depends_on: &[Id::Auth],
};

pub(super) const SSO_SESSION: Question = Question {
    id: Id::SsoSession,
    key: "auth.sso_session",
    flag: "sso-session",
    title: "SSO session",
    help: "The name of an [sso-session] in ~/.aws/config, which holds the start URL and the region: neither is asked then.",
    example: "my-sso",
    kind: Kind::Text,
    screen: Screen::Details,
    rare: true,
    need: |answers| with_auth(answers, "sso", Optional),
    default: |_, _| None,
    depends_on: &[Id::Auth],
};

pub(super) const SSO_START_URL: Question = Question {
    id: Id::SsoStartUrl,
    key: "auth.sso_start_url",
    flag: "sso-start-url",
    title: "Start URL",
    help: "The address of the AWS access portal: the page where you choose an account. An administrator of IAM Identity Center \
           knows it.",
    example: "https://my-company.awsapps.com/start",
    kind: Kind::Text,
    screen: Screen::Details,
    rare: false,
    need: without_session,
    default: |_, facts| facts.place.portal.as_ref().map(|portal| portal.0.as_str().into()),
    depends_on: &[Id::SsoSession],
};

pub(super) const SSO_REGION: Question = Question {
    id: Id::SsoRegion,
    key: "auth.sso_region",
    flag: "sso-region",
    title: "SSO region",
    help: "The region of IAM Identity Center, which need not be the bucket's. With a wrong region the browser says that the code is \
           invalid.",
    example: "eu-central-1",
    kind: Kind::Text,
    screen: Screen::Details,
    rare: false,
    need: without_session,
    default: |_, facts| facts.place.portal.as_ref().map(|portal| portal.1.as_str().into()),
    depends_on: &[Id::SsoSession],
};

pub(super) const SSO_ACCOUNT_ID: Question = Question {
    id: Id::SsoAccountId,
    key: "auth.sso_account_id",
    flag: "sso-account-id",
    title: "Account",
    help: "The AWS account, twelve digits. The access portal lists those that are assigned to you.",
    example: "111122223333",
    kind: Kind::Text,
    screen: Screen::Directory,
    rare: false,
    need: |answers| with_auth(answers, "sso", Required),
    default: |_, _| None,
    depends_on: &[Id::SsoSession, Id::SsoStartUrl, Id::SsoRegion],
};

pub(super) const SSO_ROLE_NAME: Question = Question {
    id: Id::SsoRoleName,
    key: "auth.sso_role_name",
    flag: "sso-role-name",
    title: "Role",
    help: "The role (permission set), as the access portal names it. It needs s3:PutObject on the destination and nothing else.",
    example: "DataWriter",
    kind: Kind::Text,
    screen: Screen::Directory,
    rare: false,
    need: |answers| with_auth(answers, "sso", Required),
    default: |_, _| None,
    depends_on: &[Id::SsoAccountId],
};

pub(super) const ROLE_ARN: Question = Question {
    id: Id::RoleArn,
    key: "auth.role_arn",
    flag: "role-arn",
    title: "Role ARN",
    help: "The role to assume. Its trust policy has to allow the credentials that assume it.",
    example: "arn:aws:iam::111122223333:role/lakeward",
    kind: Kind::Text,
    screen: Screen::Details,
    rare: false,
    need: |answers| with_auth(answers, "role", Required),
    default: |_, _| None,
    depends_on: &[Id::Auth],
};

pub(super) const SOURCE_PROFILE: Question = Question {
    id: Id::SourceProfile,
    key: "auth.source.profile",
    flag: "source-profile",
    title: "Assumed by profile",
    help: "The profile whose credentials assume the role. Leave it empty for what the AWS chain finds.",
    example: "default",
    kind: Kind::Text,
    screen: Screen::Details,
    rare: false,
    need: |answers| with_auth(answers, "role", Optional),
    default: |_, _| None,
    depends_on: &[Id::RoleArn],
};

pub(super) const MFA_SERIAL: Question = Question {
    id: Id::MfaSerial,
    key: "auth.mfa_serial",
    flag: "mfa-serial",
    title: "MFA device",
    help: "The device whose code the role's trust policy asks for. With one, a run needs a person who signed in before: not for cron.",
    example: "arn:aws:iam::111122223333:mfa/me",
    kind: Kind::Text,
    screen: Screen::Details,
    rare: true,
    need: |answers| with_auth(answers, "role", Optional),
    default: |_, _| None,
    depends_on: &[Id::RoleArn],
};

pub(super) const EXTERNAL_ID: Question = Question {
    id: Id::ExternalId,
    key: "auth.external_id",
    flag: "external-id",
    title: "External id",
    help: "What the role's trust policy asks a third party for. Whoever gave you the role gave you this too, if it is needed.",
    example: "example-corp",
    kind: Kind::Text,
    screen: Screen::Details,
    rare: true,
    need: |answers| with_auth(answers, "role", Optional),
    default: |_, _| None,
    depends_on: &[Id::RoleArn],
};

pub(super) const ROLE_SESSION_NAME: Question = Question {
    id: Id::RoleSessionName,
    key: "auth.role_session_name",
    flag: "role-session-name",
    title: "Session name",
    help: "What CloudTrail shows for the session of the role. Leave it empty for \"lakeward\".",
    example: "lakeward-nightly",
    kind: Kind::Text,
    screen: Screen::Details,
    rare: true,
    need: |answers| with_auth(answers, "role", Optional),
    default: |_, _| None,
    depends_on: &[],
};

pub(super) const DURATION: Question = Question {
    id: Id::Duration,
    key: "auth.duration",
    flag: "duration",
    title: "Duration",
    help: "How long the role's credentials live, 15 minutes to 12 hours. Leave it empty for what AWS gives, an hour; they are renewed \
           in time.",
    example: "1h",
    kind: Kind::Text,
    screen: Screen::Details,
    rare: true,
    need: |answers| with_auth(answers, "role", Optional),
    default: |_, _| None,
    depends_on: &[],
};
