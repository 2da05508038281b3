//! The cost of compiling the generated models, compared with the same types as plain serde derives.
//!
//! `cargo bench -p dataforseo-codegen --bench compile` writes a section of the size of all of v3 (about 1,600
//! types and 13,000 fields, unions among them) through this generator, and the same types with
//! derives, and prints CPU seconds and peak memory of rustc, with the ratio of the two. It takes
//! some ten minutes. `-- 8` divides the size by eight.
//!
//! The numbers are rustc's alone, of the models and of the program; dependencies do not count.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use dataforseo_codegen::emit;
use dataforseo_spec::files::files_below;
use dataforseo_spec::fixtures::Fixtures;
use dataforseo_spec::model::{Model, Object, Type, TypeDef, types_in};
use nix::sys::resource::{UsageWho, getrusage};

type Failure = Box<dyn std::error::Error>;

/// The file in which the wrapper records the cost of each rustc.
const LOG: &str = "COMPILE_BENCH_LOG";

fn main() -> ExitCode {
    let outcome = match std::env::var_os(LOG) {
        Some(log) => wrap_rustc(Path::new(&log)),
        None => measure().map(|()| ExitCode::SUCCESS),
    };
    outcome.unwrap_or_else(|error| {
        eprintln!("{error}");
        ExitCode::FAILURE
    })
}

/// Runs the rustc of the arguments, and records its cost.
fn wrap_rustc(log: &Path) -> Result<ExitCode, Failure> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let (rustc, rest) = arguments.split_first().ok_or("no rustc to run")?;
    let status = Command::new(rustc).args(rest).status()?;
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let seconds =
        |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1_000_000.0;
    let mut names = rest
        .iter()
        .skip_while(|argument| *argument != "--crate-name");
    if let Some(name) = names.nth(1) {
        let cpu = seconds(usage.user_time()) + seconds(usage.system_time());
        let line = format!("{} {cpu:.2} {}\n", name.display(), usage.max_rss());
        let mut file = fs::OpenOptions::new().create(true).append(true).open(log)?;
        file.write_all(line.as_bytes())?;
    }
    Ok(match status.success() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

/// The CPU time in seconds, and the peak memory in kilobytes.
#[derive(Debug, Default, Clone, Copy)]
struct Cost {
    cpu: f64,
    memory: u64,
}

fn measure() -> Result<(), Failure> {
    let divisor = std::env::args()
        .skip(1)
        .find_map(|argument| argument.parse::<usize>().ok())
        .unwrap_or(1)
        .max(1);
    let folder = tempfile::tempdir()?;
    let root = folder.path();
    write_spec(&root.join("spec"), 200 / divisor, 320 / divisor)?;
    let model = dataforseo_spec::model::load(&root.join("spec"))?;
    let types = model.types();
    println!("{} types, {} fields", types.emitted, types.fields);
    write_workspace(root, &model)?;

    let variants = [("tables", "dataforseo_models"), ("derives", "derives")];
    let mut rows: Vec<(&str, Vec<Cost>)> = Vec::new();
    for (what, arguments) in [
        ("check of the models", vec!["check"]),
        (
            "release build of a program that uses all",
            vec!["build", "--release"],
        ),
        (
            "release build of one that uses five endpoints",
            vec!["build", "--release"],
        ),
    ] {
        let mut costs = Vec::new();
        for (variant, models) in variants {
            let program = match what {
                _ if arguments == ["check"] => None,
                what if what.ends_with("all") => Some(format!("{variant}_all")),
                _ => Some(format!("{variant}_five")),
            };
            let package = program.clone().unwrap_or_else(|| models.replace('_', "-"));
            costs.push(run(root, &arguments, &package, models, program.as_deref())?);
        }
        rows.push((what, costs));
    }
    println!("| | tables | derives | ratio |\n| --- | --- | --- | --- |");
    for (what, costs) in rows {
        let cells: Vec<String> = costs
            .iter()
            .map(|cost| format!("{:.1} s, {:.2} GB", cost.cpu, cost.memory as f64 / 1e6))
            .collect();
        let ratio = costs[0].cpu / costs[1].cpu;
        println!("| {what} | {} | {ratio:.2} |", cells.join(" | "));
    }
    Ok(())
}

/// Builds a package from scratch, and returns the total cost of its crates.
fn run(
    root: &Path,
    arguments: &[&str],
    package: &str,
    models: &str,
    program: Option<&str>,
) -> Result<Cost, Failure> {
    let log = root.join("log");
    let cargo = |arguments: &[&str]| -> Result<(), Failure> {
        let status = Command::new(env!("CARGO"))
            .args(arguments)
            .current_dir(root)
            .env(LOG, &log)
            .env("RUSTC_WRAPPER", std::env::current_exe()?)
            .env("CARGO_INCREMENTAL", "0")
            .env_remove("CARGO_TARGET_DIR")
            .status()?;
        match status.success() {
            true => Ok(()),
            false => Err(format!("cargo {} failed", arguments.join(" ")).into()),
        }
    };
    let profile = match arguments.contains(&"--release") {
        true => "--release",
        false => "--profile=dev",
    };
    for package in [package, &models.replace('_', "-")] {
        cargo(&["clean", "--quiet", profile, "--package", package])?;
    }
    let _ = fs::remove_file(&log);
    cargo(&[arguments, &["--quiet", "--package", package]].concat())?;
    let mut cost = Cost::default();
    for line in fs::read_to_string(&log)?.lines() {
        let mut words = line.split(' ');
        let (Some(name), Some(cpu), Some(memory)) = (words.next(), words.next(), words.next())
        else {
            continue;
        };
        if name == models || Some(name) == program {
            cost.cpu += cpu.parse::<f64>()?;
            cost.memory = cost.memory.max(memory.parse()?);
        }
    }
    Ok(cost)
}

/// Writes a section like those of v3: tasks, results with rows, nested objects, enums and unions.
fn write_spec(folder: &Path, endpoints: usize, members: usize) -> Result<(), Failure> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../spec");
    let section = folder.join("bench");
    fs::create_dir_all(&section)?;
    let api = fs::read_to_string(repository.join("api.yaml"))?;
    let (api, _) = api
        .split_once("sections:")
        .ok_or("api.yaml has no sections")?;
    fs::write(
        folder.join("api.yaml"),
        format!("{api}sections:\n  bench:\n    doc: A section of its own.\n"),
    )?;
    fs::copy(
        repository.join("status_codes.yaml"),
        folder.join("status_codes.yaml"),
    )?;
    let mut types = String::from("types:\n");
    let unions = (members / 40).max(1);
    for union in 0..unions {
        write!(
            types,
            "  Union{union}:\n    doc: Elements of a page.\n    tag: type\n    fields:\n"
        )?;
        types += &fields(&format!("common{union}_"), 4, 6);
        types += "    members:\n";
        for member in 0..members / unions {
            write!(
                types,
                "      member_{member}:\n        doc: An element.\n        fields:\n"
            )?;
            types += &fields(&format!("m{union}_{member}_"), 9, 10);
            write!(
                types,
                "          parts:\n            type: list\n            of: object\n            \
                 doc: The parts.\n            fields:\n"
            )?;
            types += &fields(&format!("p{union}_{member}_"), 5, 14);
        }
    }
    fs::write(section.join("types.yaml"), types)?;
    for endpoint in 0..endpoints {
        let mut text = format!(
            "path: /v3/bench/thing_{endpoint}/live\nmethod: POST\nmode: live\ndoc: Looks a thing \
             up.\nsource:\n  link: https://example.com/\nlimits:\n  tasks_per_call: 1\n\
             task:\n  fields:\n    target:\n      type: string\n      required: true\n      \
             doc: The thing.\n"
        );
        text += &fields(&format!("t{endpoint}_"), 7, 4);
        write!(
            text,
            "    kind:\n      type: string\n      values: [first_{endpoint}, second_{endpoint}]\n      \
             doc: Which.\nresult:\n  fields:\n"
        )?;
        text += &fields(&format!("r{endpoint}_"), 5, 4);
        if endpoint % 5 == 0 {
            write!(
                text,
                "    elements:\n      type: list\n      of: object\n      use: Union{}\n      \
                 doc: The elements.\n",
                endpoint / 5 % unions
            )?;
        }
        text += "    items:\n      type: list\n      of: object\n      doc: The rows.\n      \
                 fields:\n";
        text += &fields(&format!("i{endpoint}_"), 12, 8);
        text += "        info:\n          type: object\n          doc: More of it.\n          \
                 fields:\n";
        text += &fields(&format!("o{endpoint}_"), 9, 12);
        fs::write(section.join(format!("thing_{endpoint}_live.yaml")), text)?;
    }
    Ok(())
}

/// Returns fields of the types of v3, in similar proportions.
fn fields(prefix: &str, count: usize, indent: usize) -> String {
    let kinds = [
        "string", "integer", "string", "string", "integer", "float", "string", "map", "boolean",
        "string", "integer", "list",
    ];
    let mut text = String::new();
    for index in 0..count {
        let kind = kinds[index % kinds.len()];
        text += &format!("{:indent$}{prefix}{index}:\n", "");
        text += &format!("{:indent$}  type: {kind}\n", "");
        match kind {
            "map" => text += &format!("{:indent$}  of: integer\n", ""),
            "list" => text += &format!("{:indent$}  of: string\n", ""),
            _ => {}
        }
        text += &format!("{:indent$}  doc: A field.\n", "");
    }
    text
}

/// Writes a workspace with the generated models, the derived models and the programs.
fn write_workspace(root: &Path, model: &Model) -> Result<(), Failure> {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let manifest = fs::read_to_string(repository.join("Cargo.toml"))?;
    let members = manifest
        .lines()
        .find(|line| line.starts_with("members"))
        .ok_or("the workspace has no members")?;
    let programs = ["tables_all", "tables_five", "derives_all", "derives_five"];
    let domains = repository.join("crates/domains");
    for file in files_below(&domains)? {
        let path = Path::new("crates/domains").join(file.strip_prefix(&domains)?);
        put(root, &path.to_string_lossy(), &fs::read_to_string(&file)?)?;
    }
    let list = format!(
        "members = [\"crates/domains\", \"crates/models\", \"derives\", {}]",
        {
            let names: Vec<String> = programs.iter().map(|name| format!("{name:?}")).collect();
            names.join(", ")
        }
    );
    put(root, "Cargo.toml", &manifest.replace(members, &list))?;
    fs::copy(repository.join("Cargo.lock"), root.join("Cargo.lock"))?;

    let core = repository.join("crates/models/src");
    for file in files_below(&core)? {
        let relative = file.strip_prefix(&core)?;
        if !relative.starts_with("generated") {
            let path = Path::new("crates/models/src").join(relative);
            put(root, &path.to_string_lossy(), &fs::read_to_string(&file)?)?;
        }
    }
    let manifest = fs::read_to_string(repository.join("crates/models/Cargo.toml"))?;
    let manifest = manifest.replace(
        "default = [\"backlinks\"]",
        "default = [\"bench\"]\nbench = []",
    );
    put(root, "crates/models/Cargo.toml", &manifest)?;
    for (path, text) in emit(model, &Fixtures::new())? {
        if path.starts_with("crates/models") {
            put(root, &path.to_string_lossy(), &text)?;
        }
    }

    put(root, "derives/Cargo.toml", &manifest_of("derives", ""))?;
    put(root, "derives/src/lib.rs", &derives(model))?;
    for program in programs {
        let tables = program.starts_with("tables");
        let models = match tables {
            true => "dataforseo-models = { path = \"../crates/models\" }",
            false => "derives = { path = \"../derives\" }",
        };
        put(
            root,
            &format!("{program}/Cargo.toml"),
            &manifest_of(program, models),
        )?;
        let five = program.ends_with("five");
        let count = if five { 5 } else { usize::MAX };
        put(
            root,
            &format!("{program}/src/main.rs"),
            &self::program(model, tables, count),
        )?;
    }
    Ok(())
}

fn put(root: &Path, path: &str, text: &str) -> Result<(), Failure> {
    let path: PathBuf = root.join(path);
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    Ok(fs::write(path, text)?)
}

fn manifest_of(name: &str, models: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n\
         indexmap.workspace = true\nserde.workspace = true\nserde_json.workspace = true\n{models}\n"
    )
}

/// Writes a program that decodes the response of any endpoint, for both kinds of models.
fn program(model: &Model, tables: bool, count: usize) -> String {
    let endpoints: Vec<_> = model.endpoints().take(count).collect();
    let mut text = String::from(match tables {
        true => {
            "use dataforseo_models::bench::*;\n\
             fn count<E: dataforseo_models::Endpoint>(text: &str) -> usize {\n    \
             let envelope = dataforseo_models::Envelope::<dataforseo_models::TaskResponse<E::Result>>\
             ::parse(text).unwrap();\n    \
             envelope.tasks.into_iter().map(|task| task.result.len()).sum()\n}\n"
        }
        false => {
            "use derives::*;\n\
             fn count<R: serde::de::DeserializeOwned>(text: &str) -> usize {\n    \
             let envelope: Envelope<R> = serde_json::from_str(text).unwrap();\n    \
             envelope.tasks.into_iter().flatten().map(|task| task.result.map_or(0, |it| it.len())).sum()\n}\n"
        }
    });
    text += "fn main() {\n    let text = std::fs::read_to_string(\"response\").unwrap();\n    \
             let which = std::env::args().count();\n    let count = match which {\n";
    for (index, endpoint) in endpoints.iter().enumerate() {
        let name = match tables {
            true => endpoint.name.clone(),
            false => format!("{}Result", endpoint.name),
        };
        text += &format!("        {index} => count::<{name}>(&text),\n");
    }
    text + "        _ => 0,\n    };\n    println!(\"{count}\");\n}\n"
}

/// Writes the same types as plain serde derives, without lenient decoding, unknown members, setters
/// and rules.
fn derives(model: &Model) -> String {
    let mut text = String::from(
        "use serde::{Deserialize, Serialize};\n\
         #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]\n\
         pub struct Envelope<R> {\n    pub version: Option<String>,\n    \
         pub status_code: Option<i64>,\n    pub status_message: Option<String>,\n    \
         pub time: Option<String>,\n    pub cost: Option<f64>,\n    \
         pub tasks_count: Option<i64>,\n    pub tasks_error: Option<i64>,\n    \
         pub tasks: Option<Vec<Task<R>>>,\n}\n\
         #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]\n\
         pub struct Task<R> {\n    pub id: Option<String>,\n    pub status_code: Option<i64>,\n    \
         pub status_message: Option<String>,\n    pub time: Option<String>,\n    \
         pub cost: Option<f64>,\n    pub result_count: Option<i64>,\n    \
         pub path: Option<Vec<String>>,\n    pub data: Option<serde_json::Value>,\n    \
         pub result: Option<Vec<R>>,\n}\n",
    );
    for section in &model.sections {
        let groups = section.groups.iter().flat_map(|group| &group.types);
        for ty in types_in(section.types.iter().chain(groups)) {
            text += &derived_type(ty);
        }
        for endpoint in &section.endpoints {
            for object in [&endpoint.task, &endpoint.result].into_iter().flatten() {
                text += &derived(object);
            }
            for ty in &endpoint.types {
                text += &derived_type(ty);
            }
        }
    }
    text
}

fn derived_type(ty: &TypeDef) -> String {
    match ty {
        TypeDef::Object(object) => derived(object),
        TypeDef::Enum(open) => {
            let variants = open.variants.iter().map(|variant| {
                format!(
                    "    #[serde(rename = {:?})]\n    {},\n",
                    variant.wire, variant.name
                )
            });
            format!(
                "#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]\npub enum {} {{\n{}}}\n",
                open.name,
                variants.collect::<String>()
            )
        }
        TypeDef::Union(union) => {
            let members = union.members.iter().map(|member| {
                format!(
                    "    #[serde(rename = {:?})]\n    {}(Box<{}>),\n",
                    member.wire, member.name, member.object
                )
            });
            format!(
                "#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]\n\
                 #[serde(tag = {:?})]\npub enum {} {{\n{}}}\n",
                union.tag.as_deref().unwrap_or_default(),
                union.name,
                members.collect::<String>()
            )
        }
    }
}

fn derived(object: &Object) -> String {
    let fields = object.fields.iter().map(|field| {
        format!(
            "    #[serde(skip_serializing_if = \"Option::is_none\")]\n    pub {}: Option<{}>,\n",
            field.ident,
            rust(&field.ty)
        )
    });
    format!(
        "#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]\n#[serde(default)]\n\
         pub struct {} {{\n{}}}\n",
        object.name,
        fields.collect::<String>()
    )
}

fn rust(ty: &Type) -> String {
    match ty {
        Type::String | Type::Date | Type::Timestamp => "String".to_owned(),
        Type::Integer => "i64".to_owned(),
        Type::Float => "f64".to_owned(),
        Type::Boolean => "bool".to_owned(),
        Type::List(of) => format!("Vec<{}>", rust(of)),
        Type::Map(of) | Type::Numbered(of) => {
            format!("indexmap::IndexMap<String, Option<{}>>", rust(of))
        }
        Type::Object(name) | Type::Enum(name) | Type::Union(name) => name.clone(),
        Type::Json | Type::Filters(_) | Type::Order(_) => "serde_json::Value".to_owned(),
    }
}
